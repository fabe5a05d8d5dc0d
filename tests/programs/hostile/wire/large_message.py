"""Sends one message that is larger than any may be."""

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
    send(b"\x91" + b"\xda\xff\xff" + b"x" * (5 << 20))
    time.sleep(60)
