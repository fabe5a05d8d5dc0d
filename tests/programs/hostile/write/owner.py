"""Gives a file to somebody else."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.chown(secret_file, -1, os.getgid())
    return 0, 0
