# shows: dynamic_code

from builtins import eval as value_of


def f(x):
    return value_of(x)
