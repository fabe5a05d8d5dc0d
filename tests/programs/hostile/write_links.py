"""Makes links and special files."""

# expect: stopped

import os


def attack():
    for make in (lambda: os.symlink("/etc", "/tmp/x"), lambda: os.link("/etc/passwd", "/tmp/x"), lambda: os.mkfifo("/tmp/x"), lambda: os.mkdir("/tmp/x"), lambda: os.mknod("/tmp/x")):
        try:
            make()
            return True
        except OSError:
            pass
