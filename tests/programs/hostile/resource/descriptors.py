"""Opens pipes, each of which holds memory of the kernel."""

# goal: holds many descriptors
# expect: stopped
# violation: -
# control: unsandboxed

import os
import time


def attack():
    taken = [os.pipe() for _ in range(150)]
    channel.send({"reached": True, "detail": str(len(taken))})
    time.sleep(60)
