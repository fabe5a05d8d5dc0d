"""Says that it is done before it has answered what it cannot."""

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
    send({"type": "scores", "scores": [1.0]}) if False else None
    send({"type": "finished", "printed": "", "scores": [1.0]})
    os._exit(0)
