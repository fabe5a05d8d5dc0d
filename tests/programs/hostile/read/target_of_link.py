"""Asks where a symbolic link leads, without opening it."""

# goal: learns the token
# expect: stopped
# violation: -
# control: unsandboxed
# expect-confined: reached
# violation-sealed: file
# why: the rules for files do not cover questions about paths; without a file system of its own a program can ask them

import os


def attack():
    return os.readlink(folder + "/link")
