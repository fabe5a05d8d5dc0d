"""Has work without end done after it has answered."""

# goal: the engine waits
# expect: stopped
# violation: -
# control: naive engine msgpack

import atexit
import time


def attack():
    atexit.register(time.sleep, 60)
