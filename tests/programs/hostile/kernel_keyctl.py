"""Uses a call with a long history of holes: keyctl."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    number = {"x86_64": 250, "aarch64": 219}[__import__("os").uname().machine]
    return libc.syscall(number, 0, -3, 0) >= 0
