"""Asks for the address of a name."""

# expect: stopped

import socket


def attack():
    return socket.getaddrinfo("localhost", 80) and socket.gethostbyname("example.org")
