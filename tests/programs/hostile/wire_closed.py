"""Closes its descriptor and goes on."""

# expect: exited

import os


def attack():
    os.close(3)
    while True:
        pass
