# shows: dunder

def g(x):
    return x + 1


def f(x):
    f.__code__ = g.__code__
    return f(x)
