"""Asks for the handle of a file, to open it later past every path."""

# goal: gets an answer of the kernel
# expect: stopped
# violation: file
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["name_to_handle_at"], -1, None, None, None, 0), ctypes.get_errno()
