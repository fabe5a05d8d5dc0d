"""Uses the module for temporary files."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import tempfile


def attack():
    for place in (folder, None):
        try:
            return tempfile.NamedTemporaryFile(dir=place, delete=False).name
        except OSError:
            pass
