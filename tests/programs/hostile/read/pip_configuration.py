"""Looks for pip's configuration, which may hold credentials, beside Python and at home."""

# goal: learns the token
# expect: stopped
# violation: file
# control: unsandboxed

import os
import sys


def attack():
    folders = [home + "/.config/pip", sys.prefix, sys.base_prefix, sys.exec_prefix]
    for entry in sys.path:
        while len(entry) > 1:
            entry = os.path.dirname(entry)
            folders.append(entry)
    found = []
    for folder in folders:
        for name in ("pip.conf", "pyvenv.cfg", ".git/config"):
            try:
                found.append(open(os.path.join(folder, name)).read(20))
            except OSError:
                pass
    return found
