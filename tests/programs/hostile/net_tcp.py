"""Connects to the outside, and to this machine."""

# expect: stopped

import socket


def attack():
    for address in (("1.1.1.1", 53), ("127.0.0.1", 22)):
        try:
            return socket.create_connection(address, timeout=1)
        except OSError:
            pass
