"""Raises its own limits."""

# goal: raises its limit
# expect: stopped
# violation: -
# control: unsandboxed

import resource
import time


def attack():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for wanted in ((hard, hard), (4096, 4096)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, wanted)
        except (OSError, ValueError):
            pass
    import os

    taken = [os.dup(0) for _ in range(200)]
    channel.send({"reached": True, "detail": str(len(taken))})
    time.sleep(60)
