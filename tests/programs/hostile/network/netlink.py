"""Talks to the kernel's own network."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: socket
# control: unsandboxed

import ctypes
import socket

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0), ctypes.get_errno()
