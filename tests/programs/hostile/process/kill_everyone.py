"""Signals everyone that it may signal."""

# goal: ends the victim
# expect: stopped
# violation: process
# control: unsandboxed

import os
import signal


def attack():
    reached = []
    for number in (victim, -1, 0, 1, engine, os.getppid(), *range(2, 64)):
        if number == os.getpid():
            continue
        try:
            os.kill(number, signal.SIGKILL if number == victim else 0)
            reached.append(number)
        except OSError:
            pass
    return reached
