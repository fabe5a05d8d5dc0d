"""Starts processes until there is room for no more; here, thirty."""

# goal: changes the folder
# expect: stopped
# violation: process
# control: unsandboxed

import os


def mark_it(number=0):
    with open(f"{folder}/started-{number}", "w") as file:
        file.write(str(os.getpid()))


def attack():
    started = []
    for number in range(30):
        try:
            pid = os.fork()
        except OSError:
            break
        if pid == 0:
            mark_it(number)
            os._exit(0)
        started.append(pid)
    for pid in started:
        os.waitpid(pid, 0)
    return len(started)
