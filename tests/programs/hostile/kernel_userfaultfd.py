"""Uses a call with a long history of holes: userfaultfd."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    number = {"x86_64": 323, "aarch64": 282}[__import__("os").uname().machine]
    return libc.syscall(number, 1) >= 0
