"""Reads the log of the kernel."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: refused_call
# control: unsandboxed as root

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["syslog"], 99, None, 0), ctypes.get_errno()
