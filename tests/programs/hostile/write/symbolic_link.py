"""Makes a symbolic link to what it may not read."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.symlink("/etc", folder + "/new")
    return True
