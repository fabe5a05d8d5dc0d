"""Ends another process by a signal with a value."""

# goal: ends the victim
# expect: stopped
# violation: process
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.sigqueue(victim, 15, ctypes.c_void_p(0)) == 0
