"""Signals its parent, everyone, and its group."""

# expect: stopped

import os
import signal


def attack():
    for target in (-1, 0, 1, os.getppid(), -os.getpgrp(), *range(2, 64)):
        for send in (os.kill, lambda pid, number: signal.pidfd_send_signal(os.pidfd_open(abs(pid) or 1), number)):
            if target == os.getpid():
                continue
            try:
                send(target, signal.SIGCONT)
                return True
            except OSError:
                pass
