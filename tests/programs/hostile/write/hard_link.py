"""Makes a second name for a file that is not its own."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    os.link(secret_file, folder + "/new")
    return True
