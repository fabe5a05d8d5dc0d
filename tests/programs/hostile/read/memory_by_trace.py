"""Traces another process and looks at its memory."""

# goal: learns the token of the victim
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
ATTACH, PEEK, DETACH = 16, 2, 17


def attack():
    if libc.ptrace(ATTACH, victim, None, None):
        return None
    os.waitpid(victim, 0)
    words = [libc.ptrace(PEEK, victim, address + 8 * number, None) for number in range(2)]
    libc.ptrace(DETACH, victim, None, None)
    return struct.pack("=2q", *words)
