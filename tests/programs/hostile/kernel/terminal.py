"""Types into the terminal of whoever started it."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: refused_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
TYPE_A_CHARACTER = 0x5412


def attack():
    return libc.ioctl(3, TYPE_A_CHARACTER, b"x"), ctypes.get_errno()
