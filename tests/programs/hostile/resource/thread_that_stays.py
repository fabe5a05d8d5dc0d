"""Leaves a thread behind that keeps its process from ending."""

# goal: the engine waits
# expect: stopped
# violation: -
# control: naive engine msgpack

import threading
import time


def attack():
    threading.Thread(target=time.sleep, args=(60,), daemon=False).start()
