"""Starts another program by posix_spawn, which borrows its memory until then."""

# goal: changes the folder
# expect: stopped
# violation: process
# control: unsandboxed

import os


def attack():
    pid = os.posix_spawn("/bin/mkdir", ["mkdir", folder + "/started"], {})
    os.waitpid(pid, 0)
    return pid
