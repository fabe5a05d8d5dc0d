"""Sends a packet of its own making, past the rules for sockets."""

# goal: is heard
# expect: stopped
# violation: socket
# control: unsandboxed as root

import socket
import struct


def attack():
    packet = struct.pack(">4H", 9, udp_port, 8 + len(mark), 0) + mark.encode()
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).sendto(packet, ("127.0.0.1", 0))
