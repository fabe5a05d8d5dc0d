"""The kernel's questions about system calls that a filter leaves to the engine (`seccomp_unotify(2)`)."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path

_RECEIVE, _ANSWER, _IS_WAITING = 0xC0502100, 0xC0182101, 0x40082102
_QUESTION = struct.Struct("=QIIiIQ6Q")
_REPLY = struct.Struct("=QqiI")
_ID = struct.Struct("=Q")
_CONTINUE = 1
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MAX_PATH_BYTES = 4096

_libc = ctypes.CDLL(None, use_errno=True)
_libc.process_vm_readv.restype = ctypes.c_ssize_t


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


@dataclass(frozen=True, kw_only=True)
class Question:
    """One system call that waits for an answer.

    Attributes:
        id: The kernel's number of the question.
        thread: The thread that waits, as the engine sees it.
        number: The system call.
        arguments: Its six arguments; pointers are addresses in the memory of the process.
    """

    id: int
    thread: int
    number: int
    arguments: tuple[int, ...]


def receive(listener: int) -> Question | None:
    """Returns the next question; None if who asked has gone. Blocks unless the descriptor is readable."""
    buffer = bytearray(_QUESTION.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, buffer)
    except OSError:
        return None
    identity, thread, _, number, _, _, *arguments = _QUESTION.unpack(buffer)
    return Question(id=identity, thread=thread, number=number, arguments=tuple(arguments))


def is_waiting(listener: int, question: Question) -> bool:
    """Returns whether who asked still waits; if not, its number may be another process's by now."""
    try:
        fcntl.ioctl(listener, _IS_WAITING, _ID.pack(question.id))
    except OSError:
        return False
    return True


def refuse(listener: int, question: Question, error: int) -> None:
    """Has the call fail with the error of that number; nothing where who asked has gone."""
    _reply(listener, _REPLY.pack(question.id, 0, -error, 0))


def let_pass(listener: int, question: Question) -> None:
    """Has the kernel carry out the call, past this filter only; nothing where who asked has gone.

    Memory that the arguments point to may have changed since it was read, so nothing may pass for what it holds.
    """
    _reply(listener, _REPLY.pack(question.id, 0, 0, _CONTINUE))


def process_of(thread: int) -> int:
    """Returns the process that a thread belongs to; 0 if it has gone."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{thread}/status").read_bytes().partition(b"\nTgid:")[2].split()[0])
    return 0


def folder_of(process: int, descriptor: int) -> str | None:
    """Returns the path of a descriptor of a process; None if that cannot be seen."""
    try:
        return str(Path(f"/proc/{process}/fd/{descriptor}").readlink())
    except OSError:
        return None


def read_text(process: int, address: int) -> str | None:
    """Returns the text that ends with a zero at an address of a process; what is no UTF-8 is written as `\\xNN`.

    None where it cannot be read. It may change while it is read: it is good for the record and for nothing else.
    """
    data = b""
    while b"\0" not in data and len(data) < _MAX_PATH_BYTES:
        at = address + len(data)
        piece = _read(process, at, _PAGE_BYTES - at % _PAGE_BYTES)
        if not piece:
            return None
        data += piece
    return data.partition(b"\0")[0][:_MAX_PATH_BYTES].decode(errors="backslashreplace")


def _read(process: int, address: int, length: int) -> bytes:
    buffer = ctypes.create_string_buffer(length)
    ours = _Vector(ctypes.addressof(buffer), length)
    theirs = _Vector(address, length)
    n_read = _libc.process_vm_readv(process, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
    return buffer.raw[: max(0, n_read)]


def _reply(listener: int, reply: bytes) -> None:
    with contextlib.suppress(OSError):
        fcntl.ioctl(listener, _ANSWER, bytearray(reply))
