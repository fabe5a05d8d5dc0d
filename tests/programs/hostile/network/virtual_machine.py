"""Talks to the host of a virtual machine."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: socket
# control: unsandboxed

import ctypes
import socket

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.socket(40, socket.SOCK_STREAM, 0), ctypes.get_errno()
