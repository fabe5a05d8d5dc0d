"""Sends a message that says everything twice, so that two readers understand two things."""

# goal: gets a false score
# expect: protocol_violation
# violation: protocol
# control: naive scorer by_messages
# task: doubling

import os
import struct

import msgspec


def pack(value):
    return msgspec.msgpack.encode(value)


def double(numbers):
    pairs = [("type", "answers"), ("answers", [[0.0] * 6] * 4), ("type", "scores"), ("scores", [1e9] * 4)]
    body = bytes([0x80 | len(pairs)]) + b"".join(pack(name) + pack(value) for name, value in pairs)
    os.write(3, struct.pack(">I", len(body)) + body)
    return [0.0 for number in numbers]
