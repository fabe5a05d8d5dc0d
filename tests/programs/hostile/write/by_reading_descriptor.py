"""Opens a file for reading only, and changes it through the descriptor."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import json
import os


def attack():
    for path in (secret_file, json.__file__):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            continue
        for change in (lambda: os.fchmod(descriptor, 0o600), lambda: os.utime(descriptor, (0, 0))):
            try:
                change()
                return path
            except OSError:
                pass
