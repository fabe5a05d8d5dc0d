"""Puts a key into the kernel."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["add_key"], None, None, None, 0, 0), ctypes.get_errno()
