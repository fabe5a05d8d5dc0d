"""Reads what /proc tells of anyone."""

# goal: learns the token of the victim
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    found = []
    for number in (victim, "self", 1, os.getppid(), engine, *range(2, 16)):
        for name in ("cmdline", "maps", "status", "fd", "stat", "cwd", "root"):
            try:
                path = f"/proc/{number}/{name}"
                found.append(os.listdir(path) if name in ("fd", "cwd", "root") else open(path).read(600)[-30:].replace('\0', ' '))
            except OSError:
                pass
    return found
