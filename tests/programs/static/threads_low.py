# shows: threads

import _thread


def f(x):
    return _thread.start_new_thread(print, ())
