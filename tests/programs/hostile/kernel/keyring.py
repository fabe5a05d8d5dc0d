"""Looks for keys that the kernel keeps for its user."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["keyctl"], 0, -3, 0), ctypes.get_errno()
