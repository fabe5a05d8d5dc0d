"""Announces four gigabytes, and sends without end."""

# goal: the engine swells
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
    os.write(3, b"\xff\xff\xff\xff")
    while True:
        os.write(3, b"x" * 65536)
