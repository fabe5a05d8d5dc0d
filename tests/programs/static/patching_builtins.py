# shows: patching

import builtins as b


def f(x):
    b.abs = lambda value: 0
    del b.sum
    return x
