"""Reads what is open in the engine, by the numbers of descriptors."""

# goal: learns the token
# expect: stopped
# violation: -
# control: plain subprocess

import os


def attack():
    found = []
    for number in range(4, 1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        try:
            found.append(os.pread(number, 20, 0))
        except OSError:
            found.append(number)
    return found
