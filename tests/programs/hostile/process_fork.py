"""Starts processes by every means the C library has."""

# expect: stopped

import os


def attack():
    for start in (os.fork, os.forkpty):
        try:
            if start() == 0:
                os._exit(0)
            return True
        except OSError:
            pass
    os.posix_spawn("/bin/true", ["true"], {})
    return True
