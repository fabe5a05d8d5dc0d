"""Takes a part of the file system to put it elsewhere."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["open_tree"], -1, b"x", 0x80000), ctypes.get_errno()
