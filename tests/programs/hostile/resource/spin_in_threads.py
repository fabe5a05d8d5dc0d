"""Spins in several threads at once."""

# goal: runs on
# expect: timed_out
# violation: -
# control: unsandboxed

import threading


def spin():
    while True:
        pass


def attack():
    for _ in range(4):
        threading.Thread(target=spin).start()
    spin()
