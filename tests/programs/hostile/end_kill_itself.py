"""Kills itself by the signal that the system uses when memory runs out."""

# expect: stopped

import os
import signal


def attack():
    os.kill(os.getpid(), signal.SIGKILL)
