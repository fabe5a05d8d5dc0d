"""Opens a file by its handle, past every path."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["open_by_handle_at"], -1, None, 0), ctypes.get_errno()
