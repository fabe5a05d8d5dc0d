"""Learns by access() which files exist where it may read nothing."""

# goal: learns which files exist
# expect: stopped
# violation: -
# control: unsandboxed
# expect-confined: reached
# violation-sealed: file
# why: the rules for files do not cover questions about paths; without a file system of its own a program can ask them

import os


def exists(path):
    try:
        os.access(path, os.F_OK) or os.lstat('')
        return True
    except OSError:
        return False


def attack():
    return sum(exists(f"{folder}/oracle/{bit}") << bit for bit in range(32))
