"""Leaves without a word."""

# expect: exited

import os


def attack():
    os._exit(3)
