"""Chooses the core that it runs on."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: process
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["sched_setaffinity"], 0, 0, None), ctypes.get_errno()
