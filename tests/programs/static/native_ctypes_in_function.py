# shows: native_code

def f(x):
    from ctypes import CDLL

    return CDLL(None).getpid()
