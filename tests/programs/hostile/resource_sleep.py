"""Sleeps for ever."""

# expect: timed_out

import threading


def attack():
    threading.Event().wait()
