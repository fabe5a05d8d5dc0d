"""Hands a descriptor to the engine."""

# expect: stopped

import socket


def attack():
    socket.send_fds(socket.socket(fileno=3), [b"x"], [0])
    return True
