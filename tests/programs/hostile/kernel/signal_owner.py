"""Has the kernel signal others when something arrives."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: refused_call
# control: unsandboxed

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
SET_OWNER = 8


def attack():
    return libc.fcntl(3, SET_OWNER, os.getppid()), ctypes.get_errno()
