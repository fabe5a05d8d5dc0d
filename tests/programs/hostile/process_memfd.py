"""Makes a program in memory and becomes it."""

# expect: stopped

import os


def attack():
    return os.memfd_create("x")
