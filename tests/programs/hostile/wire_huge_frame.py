"""Announces four gigabytes."""

# expect: protocol_violation

import os


def attack():
    os.write(3, b"\xff\xff\xff\xff")
    while True:
        os.write(3, b"x" * 65536)
