"""Sends scores where answers are awaited."""

# goal: gets a false score
# expect: protocol_violation
# violation: protocol
# control: naive scorer by_messages
# task: doubling

import os
import struct

import msgspec


def send(message):
    body = msgspec.msgpack.encode(message)
    os.write(3, struct.pack(">I", len(body)) + body)


def double(numbers):
    send({"type": "scores", "scores": [1e9, 1e9, 1e9, 1e9], "rejected": None})
    return [0.0 for number in numbers]
