# shows: dunder

class A:
    pass


def f(x):
    a = A()
    a.__class__ = type(x)
    return a
