"""Leaves a process behind that nobody knows of."""

# goal: outlives its end
# expect: task_error
# violation: process
# control: unsandboxed

import os
import time


def live():
    os.setsid()
    if os.fork():
        os._exit(0)
    for _ in range(500):
        if os.path.exists(gone):
            open(folder + "/outlived", "w").close()
            os._exit(0)
        time.sleep(0.02)
    os._exit(0)


pid = os.fork()
if pid == 0:
    live()
os.waitpid(pid, 0)

Answer = list[float]


def instances(split, rng, n):
    return [(([rng.randint(1, 99) for _ in range(6)],), None) for _ in range(n)]


def score(arguments, hidden, answer):
    return 1.0
