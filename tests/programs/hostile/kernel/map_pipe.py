"""Gives its own pages to a pipe."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: refused_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["vmsplice"], -1, None, 0, 0), ctypes.get_errno()
