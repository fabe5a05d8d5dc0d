# shows: process

from os import system as run


def f(x):
    run("true")
    return x
