"""Asks for the disk before everyone else."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: process
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["ioprio_set"], 99, 0, 0), ctypes.get_errno()
