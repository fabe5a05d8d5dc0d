"""Leaves without a word."""

# goal: the engine falls
# expect: exited
# violation: -
# control: naive engine in its own process

import os


def attack():
    os._exit(0)
