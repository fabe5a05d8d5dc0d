"""Runs a command of the shell, by every means of the standard library."""

# goal: changes the folder
# expect: stopped
# violation: process
# control: unsandboxed

import os
import subprocess


def attack():
    command = f"touch {folder}/started"
    runs = (
        lambda: subprocess.run(command, shell=True, check=True),
        lambda: os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", command], {}), 0),
        lambda: os.system(command) == 0 or 1 / 0,
        lambda: os.popen(command).close() is None or 1 / 0,
    )
    for run in runs:
        try:
            return run() or True
        except (OSError, ArithmeticError):
            pass
