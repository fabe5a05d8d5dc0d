"""Looks for keys in every home folder."""

# goal: learns the token
# expect: stopped
# violation: file
# control: unsandboxed

import glob

PATTERNS = ("/.ssh/*", "/.ssh/id_ed25519", "/.aws/credentials", "/.netrc")


def attack():
    found = []
    for folder in (home, "/root", "/home/*"):
        for path in [path for pattern in PATTERNS for path in glob.glob(folder + pattern)] + [folder + "/.ssh/id_ed25519"]:
            try:
                found.append(open(path).read(20))
            except OSError:
                pass
    return found
