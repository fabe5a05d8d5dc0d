"""Stops itself, so as never to be done."""

# expect: stopped

import os
import signal


def attack():
    os.kill(os.getpid(), signal.SIGSTOP)
    return True
