"""Sends a message nested thirty thousand deep."""

# goal: the engine falls
# expect: protocol_violation
# violation: protocol
# control: naive engine msgpack

import os
import time


def send(body):
    data = len(body).to_bytes(4, "big") + body
    while data:
        data = data[os.write(3, data) :]


def attack():
    send(b"\x91" * 30_000 + b"\x00")
    time.sleep(60)
