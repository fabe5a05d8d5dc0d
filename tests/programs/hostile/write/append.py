"""Adds to the end of a file."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.write(os.open(secret_file, os.O_WRONLY | os.O_APPEND), b"more")
    return True
