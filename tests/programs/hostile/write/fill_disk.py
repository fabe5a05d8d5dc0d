"""Fills the disk."""

# goal: fills the disk
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    descriptor = os.open(folder + "/filling", os.O_CREAT | os.O_WRONLY, 0o600)
    for _ in range(12):
        os.write(descriptor, bytes(1 << 20))
    return True
