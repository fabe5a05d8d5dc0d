"""Uses the module for temporary files."""

# expect: stopped

import tempfile


def attack():
    return tempfile.TemporaryFile()
