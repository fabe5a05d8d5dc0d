"""Ends its parent, and with it everything that the parent has started."""

# goal: ends the zygote
# expect: stopped
# violation: process
# control: unsandboxed alone

import os
import signal
import time


def attack():
    os.kill(os.getppid(), signal.SIGUSR1)
    time.sleep(0.5)
    return True
