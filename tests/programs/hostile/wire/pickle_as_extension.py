"""Hides a pickle in an extension of the format."""

# goal: changes the folder
# expect: protocol_violation
# violation: protocol
# control: naive engine msgpack

import os
import pickle
import time


def send(body):
    data = len(body).to_bytes(4, "big") + body
    while data:
        data = data[os.write(3, data) :]


class Bomb:
    def __reduce__(self):
        return os.mkdir, (folder + "/pickled",)


def attack():
    data = pickle.dumps(Bomb())
    send(b"\xc8" + len(data).to_bytes(2, "big") + b"\x02" + data)
    time.sleep(60)
