"""Enters the kernel by the x32 convention, whose numbers a filter may not know."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed where the kernel has it
# machine: x86_64

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
X32_GETPID = 0x40000000 | 39


def attack():
    return libc.syscall(X32_GETPID), ctypes.get_errno()
