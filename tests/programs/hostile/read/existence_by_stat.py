"""Learns by stat() which files exist where it may read nothing."""

# goal: learns which files exist
# expect: stopped
# violation: file
# control: unsandboxed
# violation-full: -

import os


def exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def attack():
    return sum(exists(f"{folder}/oracle/{bit}") << bit for bit in range(32))
