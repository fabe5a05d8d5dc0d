"""Makes a user namespace, in which it would be root."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["unshare"], 0x10000000), ctypes.get_errno()
