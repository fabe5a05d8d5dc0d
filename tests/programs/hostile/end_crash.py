"""Crashes the interpreter."""

# expect: exited

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return ctypes.string_at(1)
