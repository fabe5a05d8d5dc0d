"""Kills itself by numbers of which the kernel reads the lower halves alone, to look like a loss of the machine's."""

# goal: the engine falls
# expect: stopped
# violation: process
# control: naive engine in its own process

import ctypes
import os


def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": 62, "aarch64": 129}[os.uname().machine]
    libc.syscall(ctypes.c_long(number), ctypes.c_long(1 << 32 | os.getpid()), ctypes.c_long(1 << 32 | 9))
    return False
