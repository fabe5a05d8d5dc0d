"""Sends to an address by a socket that only looks like a connected one."""

# goal: is heard
# expect: stopped
# violation: socket
# control: unsandboxed

import ctypes
import socket

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    for sender in (one, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)):
        try:
            return sender.sendto(mark.encode(), datagram_path)
        except OSError:
            pass
