"""Lists home folders."""

# goal: learns the token
# expect: stopped
# violation: file
# control: unsandboxed

import os

def attack():
    found = []
    for path in (home, "/root", "/home", os.path.expanduser("~")):
        try:
            found.append(os.listdir(path))
        except OSError:
            pass
    return found
