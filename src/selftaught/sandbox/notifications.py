"""The kernel's questions about system calls that a filter leaves to the engine (`seccomp_unotify(2)`)."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path

_RECEIVE, _ANSWER, _IS_WAITING, _HAND_OVER = 0xC0502100, 0xC0182101, 0x40082102, 0x40182103
_QUESTION = struct.Struct("=QIIiIQ6Q")
_REPLY = struct.Struct("=QqiI")
_ID = struct.Struct("=Q")
_HANDED = struct.Struct("=QIIII")
_CONTINUE = 1
_AND_ANSWER = 2
_NO_QUESTION = 0
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


def give(listener: int, question: Question, value: int) -> None:
    """Has the call return a value without having been carried out; nothing where who asked has gone."""
    _reply(listener, _REPLY.pack(question.id, value, 0, 0))


def hand_over(listener: int, question: Question, descriptor: int, *, close_on_exec: bool) -> int:
    """Has the call return a copy of a descriptor of ours; returns the number of the error where that failed, or 0."""
    flags = os.O_CLOEXEC if close_on_exec else 0
    try:
        fcntl.ioctl(listener, _HAND_OVER, _HANDED.pack(question.id, _AND_ANSWER, descriptor, 0, flags))
    except OSError as error:
        return error.errno or errno.EPERM
    return 0


def can_hand_over(listener: int) -> bool:
    """Returns whether the kernel knows how to answer with a descriptor (Linux 5.14)."""
    try:
        fcntl.ioctl(listener, _HAND_OVER, _HANDED.pack(_NO_QUESTION, _AND_ANSWER, listener, 0, 0))
    except OSError as error:
        return error.errno == errno.ENOENT
    return False


def write(listener: int, question: Question, address: int, data: bytes) -> bool:
    """Returns whether data was put into the memory of who asked; nothing is written where they have gone."""
    try:
        memory = os.open(f"/proc/{question.thread}/mem", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # The descriptor stands for one memory, whoever gets the number of the thread after this.
        return is_waiting(listener, question) and os.pwrite(memory, data, address) == len(data)
    except (OSError, OverflowError):
        return False
    finally:
        os.close(memory)


def can_write_to(process: int) -> bool:
    """Returns whether this process may write into the memory of another, as far as it lets itself be opened."""
    try:
        os.close(os.open(f"/proc/{process}/mem", os.O_WRONLY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


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
