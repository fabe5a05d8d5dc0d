"""Reads the memory of another process through /proc."""

# goal: learns the token of the victim
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    for number in (victim, engine, os.getppid()):
        try:
            with open(f"/proc/{number}/mem", "rb") as memory:
                memory.seek(address)
                return memory.read(20)
        except OSError:
            pass
