"""Puts extended attributes on a file."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.setxattr(secret_file, "user.hostile", b"x" * 100)
    os.chmod(secret_file, 0o600)
    return True
