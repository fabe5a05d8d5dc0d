"""Puts rules of its own over the rules for files."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: refused_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["landlock_create_ruleset"], None, 0, 1), ctypes.get_errno()
