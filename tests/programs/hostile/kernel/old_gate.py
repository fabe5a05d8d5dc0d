"""Enters the kernel by the old 32-bit gate, with machine code of its own."""

# goal: gets an answer of the kernel
# expect: violation
# violation: system_call
# control: unsandboxed
# machine: x86_64

import ctypes
import mmap


def attack():
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(bytes.fromhex("b814000000cd80c3"))  # getpid by int 0x80
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    result = ctypes.CFUNCTYPE(ctypes.c_int)(address)()
    return (result, 0) if result >= 0 else (-1, -result)
