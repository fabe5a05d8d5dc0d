"""Learns by access() which files exist where it may read nothing."""

# goal: learns which files exist
# expect: stopped
# violation: file
# control: unsandboxed
# violation-full: -

import os


def exists(path):
    try:
        os.access(path, os.F_OK) or os.lstat('')
        return True
    except OSError:
        return False


def attack():
    return sum(exists(f"{folder}/oracle/{bit}") << bit for bit in range(32))
