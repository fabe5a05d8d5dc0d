"""Uses a call with a long history of holes: io_uring."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    number = {"x86_64": 425, "aarch64": 425}[__import__("os").uname().machine]
    return libc.syscall(number, 1, 0) >= 0
