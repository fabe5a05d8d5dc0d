"""Learns which files exist from the way in which opening them is refused."""

# goal: learns which files exist
# expect: stopped
# violation: file
# control: unsandboxed

import errno


def exists(path):
    try:
        open(path).close()
        return True
    except OSError as error:
        return error.errno in (errno.EACCES, errno.EISDIR)


def attack():
    found = [exists(f"{folder}/oracle/{bit}") for bit in range(32)]
    return 0 if all(found) else sum(one << bit for bit, one in enumerate(found))
