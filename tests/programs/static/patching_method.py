# shows: patching

import random


def f(x):
    random.Random.random = lambda self: 0.0
    return x
