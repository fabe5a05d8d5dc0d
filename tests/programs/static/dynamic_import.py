# shows: dynamic_code

def f(x):
    return __import__(x[::-1])
