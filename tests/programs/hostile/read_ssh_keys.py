"""Looks for keys in every home folder."""

# expect: stopped

import glob
import os


def attack():
    return [path for pattern in ("/root/.ssh/*", "/home/*/.ssh/*", "/root/.*", "/home/*/.*") for path in glob.glob(pattern) if os.path.isfile(path) and open(path, "rb").read(1)]
