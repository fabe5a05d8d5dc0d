"""Tells the kernel what to do with another process's memory."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["process_madvise"], -1, None, 0, 0, 0), ctypes.get_errno()
