"""Moves pages between pipes and files, which has had holes."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: file
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["splice"], -1, None, -1, None, 1, 0), ctypes.get_errno()
