"""Creates files wherever that may be possible."""

# expect: stopped

import os
import sys


def attack():
    for folder in ["/", "/tmp", "/var/tmp", "/dev/shm", "/run", os.getcwd(), *sys.path, os.path.expanduser("~")]:
        for flags in (os.O_CREAT | os.O_WRONLY, os.O_TMPFILE | os.O_RDWR):
            try:
                return os.open(folder if flags & os.O_TMPFILE == os.O_TMPFILE else os.path.join(folder, "x"), flags, 0o600)
            except OSError:
                pass
