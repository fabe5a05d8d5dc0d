"""Asks for a handle on the process at the other end of its connection."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: socket
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
SOL_SOCKET, PEER_CREDENTIALS = 1, 17


def attack():
    found, size = ctypes.create_string_buffer(12), ctypes.c_int(12)
    return libc.getsockopt(3, SOL_SOCKET, PEER_CREDENTIALS, found, ctypes.byref(size)), ctypes.get_errno()
