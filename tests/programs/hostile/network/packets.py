"""Listens to everything on the wire."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: socket
# control: unsandboxed as root

import ctypes
import socket

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.socket(socket.AF_PACKET, socket.SOCK_RAW, 3), ctypes.get_errno()
