"""Sends megabytes as the reason of a failure, for whoever shows and keeps it."""

# goal: the engine swells
# expect: task_error
# violation: -
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
    send({"type": "task_failure", "message": "\x1b[31m" * (1 << 20)})
    return 1.0
