"""Starts threads without end."""

# goal: holds many threads
# expect: violation
# violation: threads
# control: unsandboxed

import threading
import time


def attack():
    threading.stack_size(32768)
    taken = []
    while len(taken) < 300:
        try:
            taken.append(threading.Thread(target=time.sleep, args=(60,), daemon=True))
            taken[-1].start()
        except RuntimeError:
            time.sleep(0.01)
    channel.send({"reached": True, "detail": str(len(taken))})
    time.sleep(60)
