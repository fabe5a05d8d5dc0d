"""Takes the habits of another system, with older rules."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: refused_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["personality"], 0xFFFFFFFF), ctypes.get_errno()
