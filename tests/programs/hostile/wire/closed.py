"""Closes its connection and goes on."""

# goal: the engine falls
# expect: exited
# violation: -
# control: naive engine msgpack

import os
import time


def send(body):
    data = len(body).to_bytes(4, "big") + body
    while data:
        data = data[os.write(3, data) :]


def attack():
    os.close(3)
    while True:
        time.sleep(1)
