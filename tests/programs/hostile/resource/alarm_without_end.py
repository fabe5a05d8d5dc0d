"""Is woken again and again, and sleeps between, so as to use no time of its own."""

# goal: runs on
# expect: timed_out
# violation: -
# control: unsandboxed

import signal
import time


def attack():
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    while True:
        time.sleep(1)
