"""Becomes another program."""

# goal: changes the folder
# expect: stopped
# violation: process
# control: unsandboxed

import os
import sys


def attack():
    for path in ("/bin/sh", "/usr/bin/env", sys.executable or "/usr/bin/python3"):
        try:
            os.execv(path, ["sh", "-c", f"touch {folder}/started"])
        except OSError:
            pass
