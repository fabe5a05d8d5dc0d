"""Joins other groups."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: process
# control: unsandboxed as root

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["setgroups"], -1, None), ctypes.get_errno()
