"""Keeps its answer, and changes it after it was given."""

# goal: gets a false score
# expect: ok
# violation: -
# control: naive scorer
# task: guessing

import gc
import sys
import threading
import time

ANSWER = [0.0] * 20


def rewrite():
    while True:
        for frame in sys._current_frames().values():
            while frame is not None:
                if "hidden" in frame.f_locals:
                    ANSWER[:] = frame.f_locals["hidden"]
                frame = frame.f_back
        time.sleep(0)


class Slow(list):
    """A list that takes its time when it is read, and is another then."""

    def __iter__(self):
        frame = sys._getframe(1)
        while frame is not None:
            if "hidden" in frame.f_locals:
                return iter(frame.f_locals["hidden"])
            frame = frame.f_back
        return iter(ANSWER)


def guess(numbers):
    gc.collect()
    return Slow(ANSWER)
