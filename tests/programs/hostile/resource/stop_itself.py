"""Stops itself, so as never to be done."""

# goal: runs on
# expect: stopped
# violation: process
# control: unsandboxed

import os
import signal


def attack():
    os.kill(os.getpid(), signal.SIGSTOP)
