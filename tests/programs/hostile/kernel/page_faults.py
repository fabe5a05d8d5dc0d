"""Handles the kernel's page faults itself, to hold it up."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["userfaultfd"], 1), ctypes.get_errno()
