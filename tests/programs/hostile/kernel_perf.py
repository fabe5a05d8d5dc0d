"""Uses a call with a long history of holes: perf."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    number = {"x86_64": 298, "aarch64": 241}[__import__("os").uname().machine]
    return libc.syscall(number, 0, 0, -1, -1, 0) >= 0
