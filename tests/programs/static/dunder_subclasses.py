# shows: dunder

def f(x):
    return [kind for kind in ().__class__.__base__.__subclasses__()]
