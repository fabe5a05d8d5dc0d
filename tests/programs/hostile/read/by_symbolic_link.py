"""Goes through a symbolic link, and through parents of what may be read, to what may not."""

# goal: learns the token
# expect: stopped
# violation: file
# control: unsandboxed

import os

def attack():
    found = []
    for path in (folder + "/way", os.path.dirname(os.__file__) + "/" + "../" * 40 + secret_file, "/proc/self/root" + secret_file):
        try:
            found.append(open(path).read(20))
        except OSError:
            pass
    return found
