"""Mounts."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.mount(b"none", b"/", b"tmpfs", 32 | 4096, None) == 0
