"""Aborts."""

# goal: the engine falls
# expect: exited
# violation: -
# control: naive engine in its own process

import os


def attack():
    os.abort()
