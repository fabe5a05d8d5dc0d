"""Takes memory by numpy, past Python's own allocator."""

# goal: holds twice the memory
# expect: stopped
# violation: -
# control: unsandboxed

import time

import numpy


def attack():
    taken = [numpy.ones(2 * memory_bytes // 8 + (1 << 21))]
    channel.send({"reached": True, "detail": str(len(taken))})
    time.sleep(60)
