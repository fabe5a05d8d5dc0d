"""Deletes a file, and everything else that it finds."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.unlink(secret_file)
    return True
