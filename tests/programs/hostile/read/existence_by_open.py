"""Learns which files exist by opening them as mere paths."""

# goal: learns which files exist
# expect: stopped
# violation: file
# control: unsandboxed
# expect-confined: reached
# why: the rules for files do not cover questions about paths; without a file system of its own a program can ask them

import os


def exists(path):
    try:
        os.close(os.open(path, os.O_PATH))
        return True
    except OSError:
        return False


def attack():
    return sum(exists(f"{folder}/oracle/{bit}") << bit for bit in range(32))
