"""Becomes another program."""

# expect: stopped

import os
import sys


def attack():
    for path in ("/bin/sh", "/usr/bin/env", sys.executable or "/usr/bin/python3"):
        try:
            os.execv(path, [path, "-c", "exit 0"])
        except OSError:
            pass
