"""Starts a process that shares its memory and its files, as a thread would."""

# goal: changes the folder
# expect: stopped
# violation: process
# control: unsandboxed

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
SHARED = 0x100 | 0x200 | 0x400  # memory, root and working directory, descriptors
STACK = ctypes.create_string_buffer(1 << 16)


def attack():
    path = ctypes.create_string_buffer(folder.encode() + b"/empty")
    removes_it = ctypes.cast(libc.rmdir, ctypes.c_void_p)
    top = ctypes.c_void_p(ctypes.addressof(STACK) + len(STACK) - 16)
    pid = libc.clone(removes_it, top, SHARED | 17, path)
    if pid > 0:
        os.waitpid(pid, 0)
    return pid > 0
