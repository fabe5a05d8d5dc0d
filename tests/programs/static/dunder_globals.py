# shows: dunder

def f(x):
    return f.__globals__["__builtins__"]
