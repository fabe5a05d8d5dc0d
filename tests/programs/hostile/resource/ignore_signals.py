"""Ignores every signal and catches every exception."""

# goal: runs on
# expect: timed_out
# violation: -
# control: unsandboxed

import signal


def attack():
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
