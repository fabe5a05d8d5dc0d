"""Opens raw, packet and kernel sockets."""

# expect: stopped

import socket


def attack():
    for arguments in ((socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_PACKET, socket.SOCK_RAW, 3), (socket.AF_NETLINK, socket.SOCK_RAW, 0), (40, socket.SOCK_STREAM, 0)):
        try:
            return socket.socket(*arguments)
        except OSError:
            pass
