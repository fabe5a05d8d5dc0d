"""Opens a file to everyone, and makes it run with its owner's rights."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.chmod(secret_file, 0o4777)
    return True
