"""Sends an array whose shape lies about its bytes."""

# expect: protocol_violation

import os
import time

import msgspec


def attack():
    inner = msgspec.msgpack.encode(["<f8", [1 << 20, 1 << 20], b"12345678"])
    body = msgspec.msgpack.encode(msgspec.msgpack.Ext(1, inner))
    os.write(3, len(body).to_bytes(4, "big") + body)
    time.sleep(60)
