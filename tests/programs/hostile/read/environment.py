"""Looks for keys in the environment, also in the copy of the C library."""

# goal: learns the token
# expect: stopped
# violation: -
# control: plain subprocess

import ctypes
import os


def attack():
    environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    copy = []
    while environ and environ[len(copy)]:
        copy.append(environ[len(copy)])
    return [value for value in os.environ.values() if len(value) == 16] or copy or dict(os.environ)
