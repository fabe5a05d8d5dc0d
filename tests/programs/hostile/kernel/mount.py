"""Mounts."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["mount"], b"", b"/nowhere", b"none", 0, None), ctypes.get_errno()
