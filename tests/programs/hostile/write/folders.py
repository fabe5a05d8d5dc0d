"""Makes a folder and removes another."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.mkdir(folder + "/new")
    os.rmdir(folder + "/empty")
    return True
