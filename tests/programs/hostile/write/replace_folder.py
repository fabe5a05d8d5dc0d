"""Moves a whole folder away, and puts another in its place."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.rename(home, folder + "/new")
    os.mkdir(home)
    return True
