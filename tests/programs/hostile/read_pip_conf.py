"""Looks for pip's configuration, which may hold credentials."""

# expect: stopped

import os
import sys


def attack():
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    for entry in sys.path:
        while len(entry) > 1:
            entry = os.path.dirname(entry)
            folders.add(entry)
    for folder in folders:
        for name in ("pip.conf", "pyvenv.cfg", ".git/config"):
            try:
                return open(os.path.join(folder, name)).read()
            except OSError:
                pass
