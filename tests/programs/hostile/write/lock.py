"""Locks a file for ever, so that nobody else gets at it."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: file
# control: unsandboxed
# violation-sealed: -

import fcntl
import json


def attack():
    fcntl.flock(open(json.__file__), fcntl.LOCK_EX | fcntl.LOCK_NB)
    return 0, 0
