"""Changes a module that later programs would import."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os
import statistics

CHANGES = (
    lambda path: open(path, "a").write("VALUE = 2\n"),
    lambda path: os.truncate(path, os.path.getsize(path)),
    lambda path: os.rename(path, path),
    lambda path: os.chmod(path, 0o644),
    lambda path: os.utime(path),
)


def attack():
    for path in (folder + "/package/module.py", statistics.__file__):
        for change in CHANGES:
            try:
                change(path)
                return path
            except OSError:
                pass
