"""Aborts."""

# expect: exited

import os


def attack():
    os.abort()
