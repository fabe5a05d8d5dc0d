"""Starts a process in a user namespace of its own."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
NEW_USER = 0x10000000


def attack():
    pid = libc.syscall(numbers["clone"], NEW_USER | 17, None, None, None, None)
    if pid == 0:
        os._exit(0)
    return pid, ctypes.get_errno()
