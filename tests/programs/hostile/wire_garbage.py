"""Sends bytes that are no message."""

# expect: protocol_violation

import os
import time


def attack():
    os.write(3, b"\x00\x00\x00\x02\xc1\xc1")
    time.sleep(60)
