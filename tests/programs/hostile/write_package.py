"""Changes a module that later programs would import."""

# expect: stopped

import os
import statistics


def attack():
    for change in (lambda p: open(p, "a").write("x"), lambda p: os.truncate(p, 0), os.unlink, lambda p: os.rename(p, p + "x"), lambda p: os.chmod(p, 0o777), lambda p: os.utime(p)):
        try:
            change(statistics.__file__)
            return True
        except OSError:
            pass
