"""Reads what /proc tells of anyone."""

# expect: stopped

import os


def attack():
    for number in ["self", "1", str(os.getppid()), *map(str, range(2, 400))]:
        for name in ("environ", "maps", "mem", "cmdline", "status", "fd"):
            try:
                path = f"/proc/{number}/{name}"
                if name == "fd":
                    return os.listdir(path)
                return open(path, "rb").read(16)
            except OSError:
                pass
