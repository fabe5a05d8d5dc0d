"""Takes memory that is counted elsewhere: shared, and mapped from nowhere."""

# goal: holds twice the memory
# expect: stopped
# violation: -
# control: unsandboxed

import mmap
import time


def attack():
    taken = []
    while len(taken) << 24 < 2 * memory_bytes + (1 << 25):
        taken.append(mmap.mmap(-1, 1 << 24, mmap.MAP_SHARED))
        for page in range(0, 1 << 24, 4096):
            taken[-1][page] = 1
    channel.send({"reached": True, "detail": str(len(taken))})
    time.sleep(60)
