"""Uses a call with a long history of holes: bpf."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    number = {"x86_64": 321, "aarch64": 280}[__import__("os").uname().machine]
    return libc.syscall(number, 0, 0, 0) >= 0
