"""Starts a process with a terminal of its own."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def mark_it(number=0):
    with open(f"{folder}/started-{number}", "w") as file:
        file.write(str(os.getpid()))


def attack():
    pid, _ = os.forkpty()
    if pid == 0:
        mark_it()
        os._exit(0)
    os.waitpid(pid, 0)
    return pid
