"""Traces its parent."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.ptrace(16, __import__("os").getppid(), 0, 0) == 0
