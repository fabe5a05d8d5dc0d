"""Asks where a symbolic link leads, without opening it."""

# goal: learns the token
# expect: stopped
# violation: file
# control: unsandboxed
# violation-full: -

import os


def attack():
    return os.readlink(folder + "/link")
