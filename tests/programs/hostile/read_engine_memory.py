"""Reads the memory of its parent."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    import os
    buffer = ctypes.create_string_buffer(8)
    local = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 8)
    return libc.process_vm_readv(os.getppid(), local, 1, local, 1, 0) > 0
