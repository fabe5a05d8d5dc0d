"""Stacks a filter of its own."""

# expect: stopped

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    program = ctypes.create_string_buffer(b"\x06\x00\x00\x00\x00\x00\xff\x7f")
    header = (ctypes.c_uint64 * 2)(1, ctypes.addressof(program))
    return libc.prctl(22, 2, header) == 0 or libc.prctl(4, 1, 0, 0, 0) == 0
