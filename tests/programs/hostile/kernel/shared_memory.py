"""Makes memory that outlives it and that others may share."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: refused_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["shmget"], 0, 0, 0o600), ctypes.get_errno()
