"""Raises its own limits, and lowers those of its parent."""

# expect: stopped

import os
import resource


def attack():
    for kind in range(16):
        for target in (0, os.getppid()):
            try:
                soft, hard = resource.prlimit(target, kind) if target else resource.getrlimit(kind)
                resource.prlimit(target, kind, (hard, hard))
                return True
            except (OSError, ValueError):
                pass
