"""Takes memory as the stacks of its threads."""

# goal: holds twice the memory
# expect: stopped
# violation: -
# control: unsandboxed

import threading
import time


def touch():
    held = [b"x" * (1 << 23)]
    time.sleep(60)
    held.clear()


def attack():
    taken = []
    while len(taken) < 2 * memory_bytes >> 23 or len(taken) < 27:
        try:
            taken.append(threading.Thread(target=touch, daemon=True))
            taken[-1].start()
        except RuntimeError:
            raise MemoryError from None
    time.sleep(0.3)
    channel.send({"reached": True, "detail": str(len(taken))})
    time.sleep(60)
