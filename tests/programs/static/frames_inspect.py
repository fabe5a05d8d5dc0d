# shows: frames

import inspect


def f(x):
    return inspect.stack()[1].frame.f_locals
