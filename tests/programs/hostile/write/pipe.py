"""Makes a named pipe, on which somebody may wait."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.mkfifo(folder + "/new")
    return True
