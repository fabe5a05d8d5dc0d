"""Loads a program into the kernel."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed as root

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["bpf"], 0, None, 0), ctypes.get_errno()
