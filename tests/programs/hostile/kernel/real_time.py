"""Asks to run before everyone else."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: process
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["sched_setscheduler"], 0, 99, None), ctypes.get_errno()
