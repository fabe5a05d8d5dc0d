"""Takes memory bit by bit."""

# goal: holds twice the memory
# expect: stopped
# violation: -
# control: unsandboxed

import time


def attack():
    taken = []
    while len(taken) << 23 < 2 * memory_bytes + (1 << 24):
        taken.append(b"x" * (1 << 23))
    channel.send({"reached": True, "detail": str(len(taken))})
    time.sleep(60)
