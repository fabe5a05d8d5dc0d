"""Sends many answers to every question, so that one is right."""

# goal: gets a false score
# expect: protocol_violation
# violation: protocol
# control: naive scorer by_messages
# task: guessing

import os
import struct

import msgspec


def send(message):
    body = msgspec.msgpack.encode(message)
    os.write(3, struct.pack(">I", len(body)) + body)


def guess(numbers):
    labels = [[float(number >> bit & 1) for bit in range(20)] for number in range(40)]
    send({"type": "answers", "answers": labels})
    send({"type": "scores", "scores": [1.0]})
    return [0.0] * 20
