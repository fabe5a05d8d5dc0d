"""Sends an array whose shape lies about its bytes."""

# goal: the engine falls
# expect: protocol_violation
# violation: protocol
# control: naive engine msgpack

import os
import time

import msgspec


def send(body):
    data = len(body).to_bytes(4, "big") + body
    while data:
        data = data[os.write(3, data) :]


def attack():
    inner = msgspec.msgpack.encode(["<f8", [1 << 20, 1 << 20], b"12345678"])
    send(msgspec.msgpack.encode(msgspec.msgpack.Ext(1, inner)))
    time.sleep(60)
