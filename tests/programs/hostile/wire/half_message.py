"""Sends half a message, and then nothing more."""

# goal: the engine waits
# expect: timed_out
# violation: -
# control: naive engine msgpack

import os
import time


def send(body):
    data = len(body).to_bytes(4, "big") + body
    while data:
        data = data[os.write(3, data) :]


def attack():
    os.write(3, b"\x00\x00\x00\x10abc")
    time.sleep(60)
