"""Sends what is not a number as a score, past the check of its own process."""

# goal: the engine falls
# expect: task_error
# violation: protocol
# control: unsandboxed by_messages

import os
import struct

import msgspec


def send(message):
    body = msgspec.msgpack.encode(message)
    data = struct.pack(">I", len(body)) + body
    while data:
        data = data[os.write(3, data) :]


Answer = list[float]


def instances(split, rng, n):
    return [(([rng.randint(1, 99) for _ in range(6)],), None) for _ in range(n)]


def score(arguments, hidden, answer):
    send({"type": "scores", "scores": [float("nan")] * 4, "rejected": None})
    return 1.0
