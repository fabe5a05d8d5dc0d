"""Ends another process by a descriptor that stands for it."""

# goal: ends the victim
# expect: stopped
# violation: -
# control: unsandboxed

import os
import signal


def attack():
    signal.pidfd_send_signal(os.pidfd_open(victim), signal.SIGKILL)
    return True
