# shows: exit

from sys import exit as leave


def f(x):
    leave(0)
