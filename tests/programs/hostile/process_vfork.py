"""Starts a process by vfork."""

# expect: stopped

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    number = {"x86_64": 58}.get(__import__("os").uname().machine)
    return number is not None and libc.syscall(number) > 0
