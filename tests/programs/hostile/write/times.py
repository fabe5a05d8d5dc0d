"""Forges the time of a file."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.utime(secret_file, (0, 0))
    return True
