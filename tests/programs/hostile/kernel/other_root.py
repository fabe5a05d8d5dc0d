"""Swaps the root of the file system."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed as root

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["pivot_root"], b"/nowhere", b"/nowhere"), ctypes.get_errno()
