"""What a call on a file comes back with when the engine carries it out."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from pathlib import Path

import pytest

from selftaught.sandbox.file_calls import Reply, reply_on_descriptor, reply_to
from selftaught.sandbox.readable_files import ReadableFiles
from selftaught.sandbox.system_calls import NAMES

ROOM = 4096
NUMBERS = {name: number for number, name in NAMES["x86_64"].items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path.resolve() / "file"
    path.write_text("content")
    (path.parent / "link").symlink_to("file")
    return path


def replied(file: Path, name: str, *arguments: int, to: str = "file", machine: str = "x86_64") -> Reply:
    files = ReadableFiles([str(file.parent)], [], None)
    return reply_to(files, machine, name, (*arguments, *[0] * 6)[:6], str(file.parent / to))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="what the kernel of this machine writes is compared")
@pytest.mark.parametrize(("name", "number", "to"), [("stat", 4, "file"), ("stat", 4, "link"), ("lstat", 6, "link")])
def test_a_status_is_what_the_kernel_would_have_written(file: Path, name: str, number: int, to: str) -> None:
    room = ctypes.create_string_buffer(144)
    assert ctypes.CDLL(None).syscall(number, str(file.parent / to).encode(), room) == 0
    assert replied(file, name, 0, 77, to=to) == Reply(data=room.raw, address=77)


def test_for_the_other_machine_it_has_its_other_form(file: Path) -> None:
    """As `asm-generic/stat.h` says."""
    status, data = file.stat(), replied(file, "newfstatat", 0, 0, 77, machine="aarch64").data
    assert len(data) == 128
    assert struct.unpack_from("=QQIIII", data) == (
        *(status.st_dev, status.st_ino, status.st_mode, status.st_nlink, status.st_uid, status.st_gid),
    )
    assert struct.unpack_from("=qi", data, 48) == (status.st_size, status.st_blksize)
    assert struct.unpack_from("=q", data, 64) == (status.st_blocks,)
    assert struct.unpack_from("=qqqq", data, 72)[2] == status.st_mtime_ns // 10**9
    assert struct.unpack_from("=qqqq", data, 72)[3] == status.st_mtime_ns % 10**9


def test_links_are_followed_unless_the_call_says_otherwise(file: Path) -> None:
    followed = replied(file, "stat", 0, 77).data
    assert replied(file, "newfstatat", 0, 0, 77, 0, to="link").data == followed
    assert replied(file, "newfstatat", 0, 0, 77, 0x100, to="link").data != followed
    assert replied(file, "readlink", 0, 77, ROOM, to="link") == Reply(data=b"file", address=77, value=4)
    assert replied(file, "readlinkat", 0, 0, 77, 2, to="link") == Reply(data=b"fi", address=77, value=2)
    assert replied(file, "readlink", 0, 77, ROOM) == Reply(error=22)  # EINVAL


def test_access_is_what_reading_needs(file: Path) -> None:
    assert replied(file, "access", 0, os.R_OK) == Reply()
    assert replied(file, "faccessat", 0, 0, os.R_OK) == Reply()
    assert replied(file, "faccessat2", 0, 0, os.W_OK) == Reply(error=13)  # EACCES
    assert replied(file, "access", 0, 0, to="nothing") == Reply(error=2)  # ENOENT


@pytest.mark.parametrize("close_on_exec", [False, True])
def test_an_opened_file_can_be_read_and_no_more(file: Path, close_on_exec: bool) -> None:
    flags = os.O_CLOEXEC if close_on_exec else 0
    reply = replied(file, "openat", 0, 0, flags)
    try:
        assert os.read(reply.descriptor, ROOM) == b"content"
        assert reply.close_on_exec == close_on_exec
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(reply.descriptor, b"x")
    finally:
        os.close(reply.descriptor)


def test_a_descriptor_of_a_process_is_told_of(file: Path) -> None:
    with file.open() as opened:
        reply = reply_on_descriptor(os.getpid(), "x86_64", opened.fileno(), 77)
        assert reply.data[:24] == replied(file, "stat", 0, 77).data[:24]
    assert reply_on_descriptor(os.getpid(), "x86_64", 0xFFFFFF9C, 77) == Reply(error=9)  # EBADF
