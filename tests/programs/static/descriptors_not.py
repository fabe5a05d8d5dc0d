# shows: nothing

import io


def f(x):
    text = io.StringIO()
    text.write("x")
    text.close()
    return text.closed, x.read()
