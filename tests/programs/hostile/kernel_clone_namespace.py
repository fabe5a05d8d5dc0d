"""Starts a process in a new user namespace."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    number = {"x86_64": 56, "aarch64": 220}[__import__("os").uname().machine]
    pid = libc.syscall(number, 0x10000000 | 17, 0, 0, 0, 0)
    if pid == 0:
        libc._exit(0)
    return pid > 0
