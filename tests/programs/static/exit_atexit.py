# shows: exit

import atexit

atexit.register(print)


def f(x):
    return x
