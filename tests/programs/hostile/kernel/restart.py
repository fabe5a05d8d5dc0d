"""Restarts the machine (with a magic number that does nothing)."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed as root

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["reboot"], 0, 0, 0, None), ctypes.get_errno()
