"""Sends to local addresses from a connected pair, which needs no new socket."""

# expect: stopped

import socket


def attack():
    for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
        for address in ("/dev/log", "/run/systemd/journal/socket", "\0anything"):
            try:
                one, _ = socket.socketpair(socket.AF_UNIX, kind)
                return one.sendto(b"x", address) and kind == socket.SOCK_DGRAM
            except OSError:
                pass
