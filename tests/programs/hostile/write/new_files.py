"""Creates files wherever that may be possible."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os
import sys


def attack():
    for place in [folder, "/", "/tmp", "/var/tmp", "/dev/shm", "/run", os.getcwd(), *sys.path]:
        for flags in (os.O_CREAT | os.O_WRONLY, os.O_TMPFILE | os.O_RDWR):
            path = place if flags & os.O_TMPFILE == os.O_TMPFILE else os.path.join(place, "hostile")
            try:
                return os.close(os.open(path, flags, 0o600)) or path
            except OSError:
                pass
