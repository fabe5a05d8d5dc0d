"""Waits for a descriptor that somebody may hand to it."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: -
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    header = ctypes.create_string_buffer(56)
    return libc.recvmsg(3, header, 0x40), ctypes.get_errno()
