"""Traces its parent, which stops it."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
SEIZE, NOBODY = 0x4206, 2**22 - 1


def attack():
    return libc.ptrace(SEIZE, NOBODY, None, None), ctypes.get_errno()
