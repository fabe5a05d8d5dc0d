"""Changes a module that later programs would import."""

# expect: stopped

import os
import statistics


def attack():
    changes = (
        lambda path: open(path, "a").close(),
        lambda path: os.truncate(path, os.path.getsize(path)),
        lambda path: os.rename(path, path),
        lambda path: os.chmod(path, 0o644),
        lambda path: os.utime(path),
    )
    for change in changes:
        try:
            change(statistics.__file__)
            return True
        except OSError:
            pass
