"""Starts a process by the newest call."""

# goal: changes the folder
# expect: stopped
# violation: -
# control: unsandboxed

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def mark_it(number=0):
    with open(f"{folder}/started-{number}", "w") as file:
        file.write(str(os.getpid()))


def attack():
    arguments = (ctypes.c_uint64 * 8)(0, 0, 0, 0, 17)
    pid = libc.syscall(numbers["clone3"], arguments, 64)
    if pid == 0:
        mark_it()
        os._exit(0)
    if pid > 0:
        os.waitpid(pid, 0)
    return pid > 0
