"""Sends to local addresses from a connected pair, which needs no new socket."""

# goal: is heard
# expect: stopped
# violation: socket
# control: unsandboxed

import socket


def attack():
    for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        for place in (datagram_path, "/dev/log", "/run/systemd/journal/socket"):
            try:
                one, _ = socket.socketpair(socket.AF_UNIX, kind)
                return one.sendto(mark.encode(), place)
            except OSError:
                pass
