"""Asks the kernel not to end it with its parent, and to let others look into it."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: refused_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
SET_DEATH_SIGNAL, SET_DUMPABLE = 1, 4


def attack():
    libc.prctl(SET_DUMPABLE, 1, 0, 0, 0)
    return libc.prctl(SET_DEATH_SIGNAL, 0, 0, 0, 0), ctypes.get_errno()
