"""Watches others by the performance counters."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    return libc.syscall(numbers["perf_event_open"], None, 0, -1, -1, 0), ctypes.get_errno()
