# shows: process

from os import *


def f(x):
    return fork()
