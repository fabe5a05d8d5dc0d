"""Leaves a process behind that nobody knows of."""

# goal: outlives its end
# expect: stopped
# violation: process
# control: unsandboxed

import os
import time


def live():
    os.setsid()
    if os.fork():
        os._exit(0)
    for _ in range(200):
        if os.path.exists(gone):
            open(folder + "/outlived", "w").close()
            os._exit(0)
        time.sleep(0.02)
    os._exit(0)


def attack():
    pid = os.fork()
    if pid == 0:
        live()
    os.waitpid(pid, 0)
    return pid
