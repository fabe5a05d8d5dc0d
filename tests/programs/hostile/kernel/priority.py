"""Changes how soon processes get the processor."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: process
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["setpriority"], 0, 0, 19), ctypes.get_errno()
