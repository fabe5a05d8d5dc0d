"""Cuts a file to nothing."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.truncate(secret_file, 0)
    return True
