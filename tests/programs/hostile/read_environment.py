"""Looks for keys in the environment, also in the copy of the C library."""

# expect: stopped

import ctypes
import os


def attack():
    environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    return dict(os.environ) or (environ and environ[0])
