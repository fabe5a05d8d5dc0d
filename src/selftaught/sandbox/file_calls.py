"""System calls on files that the engine carries out for a child, so that the kernel never sees the child's path."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from selftaught.sandbox.readable_files import ReadableFiles
from selftaught.sandbox.system_calls import PATHS

_NO_FOLLOW = 0x100

# `struct stat` as the kernel writes it: dev, ino, nlink and mode in their order, ..., three times, room.
_STATUS_X86_64 = struct.Struct("=QQQIII4xQqqq6q24x")
_STATUS_AARCH64 = struct.Struct("=QQIIIIQ8xqi4xq6q8x")
_SECOND_NS = 10**9


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a call comes back with.

    Attributes:
        error: The number of the error; 0 where there is none.
        value: What the call returns, where it gives no descriptor.
        data: What is put into the child's memory before that.
        address: Where.
        descriptor: A descriptor of the engine's of which the child gets a copy; whoever takes the reply closes it.
        close_on_exec: A flag of that copy.
    """

    error: int = 0
    value: int = 0
    data: bytes = b""
    address: int = 0
    descriptor: int = -1
    close_on_exec: bool = False


def reply_to(files: ReadableFiles, machine: str, name: str, arguments: Sequence[int], path: str) -> Reply:
    """Returns what a call on a path comes back with.

    Args:
        files: What the child may read.
        machine: A key of `seccomp.AUDIT_ARCH`.
        name: The system call.
        arguments: Its arguments, of which the path is not looked at again.
        path: The path, as it was read once, normalised.
    """
    first, second = arguments[PATHS[name] + 1 : PATHS[name] + 3]
    try:
        match name:
            case "open" | "openat":
                opened = files.open(path, first)
                return Reply(descriptor=opened, close_on_exec=bool(first & os.O_CLOEXEC))
            case "stat" | "lstat" | "newfstatat":
                follow = name == "stat" or (name == "newfstatat" and not second & _NO_FOLLOW)
                return Reply(data=_packed(files.status(path, follow=follow), machine), address=first)
            case "access" | "faccessat" | "faccessat2":
                follow = name != "faccessat2" or not second & _NO_FOLLOW
                files.require_access(path, first & 0o7, follow=follow)
                return Reply()
            case "readlink" | "readlinkat":
                target = files.target(path)[: second & 0x7FFFFFFF]
                return Reply(data=target, address=first, value=len(target))
    except OSError as error:
        return Reply(error=error.errno or errno.EACCES)
    return Reply(error=errno.ENOSYS)


def reply_on_descriptor(thread: int, machine: str, descriptor: int, address: int) -> Reply:
    """Returns what `fstat` of one of a child's own descriptors comes back with.

    Args:
        thread: Who asks, as the engine sees it; if it has gone meanwhile, the reply may be about another process and
            must not be given to anybody.
        machine: A key of `seccomp.AUDIT_ARCH`.
        descriptor: Its number there.
        address: Where the result is to be put.
    """
    try:
        status = Path(f"/proc/{thread}/fd/{descriptor}").stat()
    except OSError:
        return Reply(error=errno.EBADF)
    return Reply(data=_packed(status, machine), address=address)


def _packed(status: os.stat_result, machine: str) -> bytes:
    """What `stat` writes on a machine."""
    nanoseconds = (status.st_atime_ns, status.st_mtime_ns, status.st_ctime_ns)
    times = [part for time in nanoseconds for part in divmod(time, _SECOND_NS)]
    owner = (status.st_uid, status.st_gid, status.st_rdev, status.st_size, status.st_blksize, status.st_blocks, *times)
    if machine == "x86_64":
        return _STATUS_X86_64.pack(status.st_dev, status.st_ino, status.st_nlink, status.st_mode, *owner)
    return _STATUS_AARCH64.pack(status.st_dev, status.st_ino, status.st_mode, status.st_nlink, *owner)
