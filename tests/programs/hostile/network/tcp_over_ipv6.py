"""Connects by the newer protocol."""

# goal: is heard
# expect: stopped
# violation: socket
# control: unsandboxed

import socket


def attack():
    with socket.create_connection(("::1", tcp6_port), timeout=1) as connection:
        connection.sendall(mark.encode())
    return True
