"""Sends a pickle."""

# expect: protocol_violation

import os
import pickle
import time


class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/pwned",)


def attack():
    body = pickle.dumps(Bomb())
    os.write(3, len(body).to_bytes(4, "big") + body)
    time.sleep(60)
