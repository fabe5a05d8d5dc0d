"""Makes what is mounted for reading writable."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["mount_setattr"], -1, b"x", 0, None, 0), ctypes.get_errno()
