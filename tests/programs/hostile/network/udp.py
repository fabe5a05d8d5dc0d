"""Sends a datagram."""

# goal: is heard
# expect: stopped
# violation: socket
# control: unsandboxed

import socket


def attack():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(mark.encode(), ("127.0.0.1", udp_port))
