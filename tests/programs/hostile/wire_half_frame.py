"""Ends in the middle of a message."""

# expect: protocol_violation

import os


def attack():
    os.write(3, b"\x00\x00\x00\x10abc")
    os._exit(0)
