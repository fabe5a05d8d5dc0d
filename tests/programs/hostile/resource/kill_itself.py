"""Kills itself by the signal that the system uses when memory runs out."""

# goal: the engine falls
# expect: stopped
# violation: process
# control: naive engine in its own process

import os
import signal


def attack():
    os.kill(os.getpid(), signal.SIGKILL)
