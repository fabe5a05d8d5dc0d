"""Makes a user namespace."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.unshare(0x10000000) == 0
