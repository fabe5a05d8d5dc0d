"""Takes memory that is counted elsewhere."""

# expect: stopped

import mmap
import os


def attack():
    taken = []
    try:
        while True:
            taken.append(mmap.mmap(-1, 1 << 24))
            if len(taken) > 200:
                return True
    except (OSError, ValueError, MemoryError):
        pass
    pipes = []
    while True:
        pipes.append(os.pipe())
        if len(pipes) > 100:
            return True
