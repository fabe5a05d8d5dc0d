"""Takes more memory than allowed, at once."""

# goal: holds twice the memory
# expect: stopped
# violation: -
# control: unsandboxed

import time


def attack():
    taken = bytearray(b"x") * (2 * memory_bytes + (1 << 24))
    channel.send({"reached": True, "detail": str(len(taken))})
    time.sleep(60)
