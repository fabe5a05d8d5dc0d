"""Unmounts what hides something."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["umount2"], b"/nowhere", 0x8000), ctypes.get_errno()
