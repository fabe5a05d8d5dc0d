"""Sleeps for ever."""

# goal: runs on
# expect: timed_out
# violation: -
# control: unsandboxed

import threading


def attack():
    threading.Event().wait()
