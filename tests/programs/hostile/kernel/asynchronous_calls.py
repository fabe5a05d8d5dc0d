"""Makes system calls by a ring that filters do not see."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["io_uring_setup"], 0, None), ctypes.get_errno()
