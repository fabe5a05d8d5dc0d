"""Leaves the group and the session that could be ended together."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: process
# control: unsandboxed

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.setpgid(0, os.getppid()), ctypes.get_errno()
