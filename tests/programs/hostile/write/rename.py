"""Moves a file away."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.rename(secret_file, folder + "/new")
    return True
