"""Has the kernel swap to a place of its choice."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed as root

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["swapon"], None, 0), ctypes.get_errno()
