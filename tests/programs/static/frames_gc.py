# shows: frames

from gc import get_referrers


def f(x):
    return get_referrers(x)
