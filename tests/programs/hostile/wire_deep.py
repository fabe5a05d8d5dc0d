"""Sends a message nested a hundred thousand deep."""

# expect: protocol_violation

import os
import time


def attack():
    body = b"\x91" * 100000 + b"\x00"
    data = len(body).to_bytes(4, "big") + body
    while data:
        data = data[os.write(3, data) :]
    time.sleep(60)
