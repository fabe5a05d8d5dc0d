"""Spins in several threads at once."""

# expect: timed_out

import threading


def spin():
    while True:
        pass


def attack():
    for _ in range(4):
        threading.Thread(target=spin).start()
    spin()
