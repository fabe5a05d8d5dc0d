"""Reads the memory of another process by a system call."""

# goal: learns the token of the victim
# expect: violation
# violation: system_call
# control: unsandboxed

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def attack():
    buffer = ctypes.create_string_buffer(20)
    local = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 16)
    remote = (ctypes.c_uint64 * 2)(address, 16)
    libc.process_vm_readv(victim, local, ctypes.c_ulong(1), remote, ctypes.c_ulong(1), ctypes.c_ulong(0))
    return buffer.value
