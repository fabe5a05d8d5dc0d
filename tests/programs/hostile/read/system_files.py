"""Reads the password file, the shadow file and a log of the system, and a file of the engine's user."""

# goal: learns the token
# expect: stopped
# violation: file
# control: unsandboxed


def attack():
    found = []
    for path in (secret_file, "/etc/shadow", "/etc/passwd", "/etc/hostname", "/var/log/dpkg.log"):
        try:
            found.append(open(path).read(20))
        except OSError:
            pass
    return found
