"""Makes semaphores that outlive it."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: refused_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["semget"], 0, 0, 0), ctypes.get_errno()
