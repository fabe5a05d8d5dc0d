# shows: environment

from os import environ

environ["OMP_NUM_THREADS"] = "1"


def f(x):
    return x
