"""Enters the kernel by the x32 convention."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(0x40000000 | 39) > 0
