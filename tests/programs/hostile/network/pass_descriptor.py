"""Hands a descriptor to the engine, and to whoever listens."""

# goal: hands over a descriptor
# expect: stopped
# violation: socket
# control: unsandboxed

import contextlib
import os
import socket


def attack():
    for connect in (lambda: socket.socket(socket.AF_UNIX), lambda: socket.socket(fileno=os.dup(3))):
        try:
            connection = connect()
            with contextlib.suppress(OSError):
                connection.connect(stream_path)
            socket.send_fds(connection, [mark.encode()], [0])
            return True
        except OSError:
            pass
