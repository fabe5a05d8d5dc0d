"""Renames the machine."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed as root

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["sethostname"], b"x", -1), ctypes.get_errno()
