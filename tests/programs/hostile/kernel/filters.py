"""Stacks a filter of its own on the one that holds it."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: refused_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
SET_SECCOMP, FILTER, NO_NEW_PRIVILEGES = 22, 2, 38


def attack():
    program = ctypes.create_string_buffer(b"\x06\x00\x00\x00\x00\x00\xff\x7f", 8)
    header = (ctypes.c_uint64 * 2)(1, ctypes.addressof(program))
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return libc.prctl(SET_SECCOMP, FILTER, header), ctypes.get_errno()
