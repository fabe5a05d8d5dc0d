"""Reads the environment of another process, of its parent and of the engine."""

# goal: learns the token of the victim
# expect: stopped
# violation: file
# control: unsandboxed

import os

def attack():
    found = []
    for path in [f"/proc/{number}/environ" for number in (victim, os.getppid(), engine, "self", 1)]:
        try:
            found.append(open(path).read(30))
        except OSError:
            pass
    return found
