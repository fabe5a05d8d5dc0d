"""Opens a file by its handle, past every path."""

# expect: violation

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.open_by_handle_at(-100, ctypes.create_string_buffer(136), 0) >= 0
