"""Changes the segments of its memory, which has had holes."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed
# machine: x86_64

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["modify_ldt"], 0, None, 0), ctypes.get_errno()
