"""Answers everything twice."""

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


CALLS = []


def double(numbers):
    CALLS.append([2 * number for number in numbers])
    send({"type": "answers", "answers": [[0.0] * 6] * 4 + CALLS * 40})
    return [0.0 for number in numbers]
