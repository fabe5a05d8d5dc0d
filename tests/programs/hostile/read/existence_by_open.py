"""Learns which files exist by opening them as mere paths."""

# goal: learns which files exist
# expect: stopped
# violation: file
# control: unsandboxed

import os


def exists(path):
    try:
        os.close(os.open(path, os.O_PATH))
        return True
    except OSError:
        return False


def attack():
    return sum(exists(f"{folder}/oracle/{bit}") << bit for bit in range(32))
