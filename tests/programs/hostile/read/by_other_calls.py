"""Opens a file by everything but Python's own open."""

# goal: learns the token
# expect: stopped
# violation: file
# control: unsandboxed

import ctypes
import os

import numpy

libc = ctypes.CDLL(None, use_errno=True)


def by_fopen():
    libc.fopen.restype = ctypes.c_void_p
    stream = libc.fopen(secret_file.encode(), b"r")
    buffer = ctypes.create_string_buffer(20)
    return stream and libc.fread(buffer, 1, 16, ctypes.c_void_p(stream)) and buffer.value


def by_openat2():
    how = (ctypes.c_uint64 * 3)(0, 0, 0)
    descriptor = libc.syscall(numbers["openat2"], -100, secret_file.encode(), how, 24)
    return descriptor >= 0 and os.read(descriptor, 20)


def by_numpy():
    return numpy.fromfile(secret_file, dtype="u1").tobytes()


def attack():
    for read in (by_fopen, by_openat2, by_numpy):
        try:
            if found := read():
                return found
        except OSError:
            pass
