"""Leaves a root that confines it, by another one."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["chroot"], b"/nowhere"), ctypes.get_errno()
