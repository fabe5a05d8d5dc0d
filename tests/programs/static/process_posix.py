# shows: process

import posix


def f(x):
    return posix.kill(1, 9)
