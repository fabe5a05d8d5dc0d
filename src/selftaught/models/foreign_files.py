"""Files of a folder into which others write: opened without following links or waiting, and read within bounds.

Folders are given as open descriptors, so that what a name stands for cannot be exchanged on the way to it.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

MAX_BYTES = 1024 * 1024
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Signature = tuple[int, int, int, int]
"""Kind, inode, size and time of change of a file: two that are equal were not written to in between."""


@contextlib.contextmanager
def opened_folder(name: str | Path, *, within: int | None = None) -> Iterator[int]:
    """The descriptor of a folder, closed with the block; `within` another folder no link is followed.

    Raises:
        OSError: There is none.
    """
    descriptor = os.open(name, os.O_DIRECTORY | (os.O_RDONLY if within is None else _READ), dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def signature(folder: int, name: str) -> Signature | None:
    """How the file of that name looks, a link as itself; None where there is none."""
    try:
        return _signature(os.stat(name, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return None


def _signature(status: os.stat_result) -> Signature:
    return stat.S_IFMT(status.st_mode), status.st_ino, status.st_size, status.st_mtime_ns


def read_text(folder: int, name: str, expected: Signature) -> str | None:
    """The text of a file, with every end of line as a newline; None if it does not look as expected (any more).

    Raises:
        OSError: It is no file (but a link, a pipe, a folder), has other names, is too long, or cannot be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    if stat.S_ISLNK(expected[0]):
        raise OSError(errno.ELOOP, "it is a link, and links are not followed")
    if not stat.S_ISREG(expected[0]):
        raise OSError(errno.EINVAL, "it is not a plain file")
    with io.FileIO(name, opener=lambda path, _flags: os.open(path, _READ, dir_fd=folder)) as raw:
        file = io.BufferedReader(raw)
        status = os.fstat(file.fileno())
        if _signature(status) != expected:  # exchanged since; a regular file from here on
            return None
        if status.st_nlink > 1:
            raise OSError(errno.EMLINK, "it is a hard link, and the file has another name elsewhere")
        data = file.read(MAX_BYTES + 1)
        if _signature(os.fstat(file.fileno())) != expected:
            return None
    if len(data) > MAX_BYTES:
        raise OSError(errno.EFBIG, f"it is longer than {MAX_BYTES:,} bytes")
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def write_whole(folder: int, name: str, text: str) -> None:
    """Nothing; the file appears whole or not at all, in place of what had its name.

    Raises:
        OSError: It cannot be written.
    """
    temporary = f".{name}.{secrets.token_hex(8)}"
    try:
        with os.fdopen(os.open(temporary, _CREATE, 0o666, dir_fd=folder), "wb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def make_whole_folder(parent: int, name: str, texts: dict[str, str]) -> None:
    """Nothing; a folder of files appears whole, unless there is something of that name, which is left as it is.

    Raises:
        OSError: It cannot be written.
    """
    if signature(parent, name) is not None:
        return
    temporary = f".new-{secrets.token_hex(8)}"
    os.mkdir(temporary, dir_fd=parent)
    try:
        with opened_folder(temporary, within=parent) as folder:
            for file, text in texts.items():
                write_whole(folder, file, text)
        os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        _remove(parent, temporary, texts)
        if signature(parent, name) is None:  # else another run was quicker, with the same texts
            raise


def _remove(parent: int, name: str, texts: dict[str, str]) -> None:
    with contextlib.suppress(OSError), opened_folder(name, within=parent) as folder:
        for file in texts:
            with contextlib.suppress(OSError):
                os.unlink(file, dir_fd=folder)
        os.rmdir(name, dir_fd=parent)
