"""Sends a pickle that runs a command when it is read."""

# goal: changes the folder
# expect: protocol_violation
# violation: protocol
# control: naive engine pickle

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
    send(pickle.dumps(Bomb()))
    time.sleep(60)
