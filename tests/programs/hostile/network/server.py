"""Waits for somebody outside to connect to it."""

# goal: listens
# expect: stopped
# violation: socket
# control: unsandboxed

import socket
import time


def attack():
    server = socket.create_server(("127.0.0.1", 0))
    channel.send({"reached": True, "detail": str(server.getsockname())})
    time.sleep(60)
