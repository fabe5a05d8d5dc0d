"""Talks to the kernel's cryptography, which has had holes."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: socket
# control: unsandboxed

import ctypes
import socket

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.socket(38, socket.SOCK_SEQPACKET, 0), ctypes.get_errno()
