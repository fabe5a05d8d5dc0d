"""Reads the package's own reference solutions, which no program should see."""

# goal: learns of the package
# expect: stopped
# violation: file
# control: unsandboxed

import os
import sys


def attack():
    worker = os.path.dirname(sys.modules["selftaught.worker"].__file__)
    folders = [os.path.dirname(worker), *(os.path.join(entry, "selftaught") for entry in sys.path)]
    for folder in folders:
        try:
            return open(os.path.join(folder, "tasks", "dispatch", "reference.py")).readline()
        except OSError:
            pass
