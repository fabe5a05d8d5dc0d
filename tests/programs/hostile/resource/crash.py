"""Crashes the interpreter."""

# goal: the engine falls
# expect: exited
# violation: -
# control: naive engine in its own process

import ctypes


def attack():
    return ctypes.string_at(1)
