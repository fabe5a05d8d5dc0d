"""Announces a list of four billion items and sends none."""

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
    send(b"\xdd\xff\xff\xff\xff")
    time.sleep(60)
