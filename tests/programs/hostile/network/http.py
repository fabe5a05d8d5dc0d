"""Asks a web server, by the standard library."""

# goal: is heard
# expect: stopped
# violation: socket
# control: unsandboxed

import urllib.error
import urllib.request


def attack():
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{tcp_port}/{mark}", timeout=1).read()
    except TimeoutError:
        return True
    except urllib.error.URLError:
        return None
