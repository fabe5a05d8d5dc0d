"""Makes a file in memory, which could be run."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: file
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["memfd_create"], b"x", 0), ctypes.get_errno()
