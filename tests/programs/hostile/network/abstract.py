"""Connects to a local name that is no file."""

# goal: is heard
# expect: stopped
# violation: socket
# control: unsandboxed

import socket


def attack():
    connection = socket.socket(socket.AF_UNIX)
    connection.connect("\0" + abstract_name)
    connection.sendall(mark.encode())
    return True
