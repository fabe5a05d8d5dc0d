"""Reads the password file."""

# expect: stopped

def attack():
    for path in ("/etc/shadow", "/etc/passwd", "/etc/hostname", "/var/log/dpkg.log"):
        try:
            return open(path).read()
        except OSError:
            pass
