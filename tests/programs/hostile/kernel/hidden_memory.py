"""Makes memory that not even the kernel sees."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: file
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["memfd_secret"], 0xFF), ctypes.get_errno()
