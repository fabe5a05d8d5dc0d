"""Ends the programs beside it, whose numbers are near its own."""

# goal: ends the victim
# expect: stopped
# violation: process
# control: unsandboxed

import os
import signal


def attack():
    reached = []
    for number in (victim, *range(os.getpid() - 20, os.getpid()), *range(os.getpid() + 1, os.getpid() + 20)):
        try:
            os.kill(number, signal.SIGTERM if number == victim else 0)
            reached.append(number)
        except OSError:
            pass
    return reached
