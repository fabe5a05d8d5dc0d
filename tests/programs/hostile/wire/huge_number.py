"""Sends a number with fifty thousand digits."""

# goal: the engine falls
# expect: protocol_violation
# violation: protocol
# control: naive engine json

import os
import time


def send(body):
    data = len(body).to_bytes(4, "big") + body
    while data:
        data = data[os.write(3, data) :]


def attack():
    send(b"1" * 50_000)
    time.sleep(60)
