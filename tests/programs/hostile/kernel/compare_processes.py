"""Compares kernel addresses of two processes."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["kcmp"], os.getpid(), os.getpid(), 99, 0, 0), ctypes.get_errno()
