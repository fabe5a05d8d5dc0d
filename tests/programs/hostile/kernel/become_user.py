"""Becomes another user."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: process
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["setuid"], -1), ctypes.get_errno()
