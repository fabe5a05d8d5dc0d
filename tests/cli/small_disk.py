"""A disk of a few megabytes for one test, in a mount namespace of its own: to be full, or read-only, and mended again.

Run as a program it is the process that holds the namespace: it mounts the disk at its first argument, and then does
what each line on its standard input says, until that is closed. An ordinary user gets a user namespace too, in which
they stay who they are.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

IS_NEEDED = "SELFTAUGHT_TESTS_NEED_MOUNTS"
"""Where this is set, a disk that cannot be mounted is a failure, and nothing is skipped."""

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PAGE = 4096


class SmallDisk:
    """A disk that is there while its context lasts.

    Attributes:
        folder: Where it is, for whoever is called by `command`.
        seen: The same folder as this process reaches it.
    """

    def __init__(self, holder: subprocess.Popen[str], folder: Path) -> None:
        self._holder = holder
        self.folder = folder
        self.seen = Path(f"/proc/{holder.pid}/root{folder}")

    def command(self, *arguments: object) -> list[str]:
        """A command as it is called to see the disk, and with the disk as its working folder."""
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return [
            "nsenter",
            f"--target={self._holder.pid}",
            "--mount",
            *user,
            f"--wdns={self.folder}",
            *map(str, arguments),
        ]

    def make_read_only(self) -> None:
        """Nothing; from now on nobody can write."""
        self._do("read-only")

    def make_writable(self) -> None:
        """Nothing; it is as it was."""
        self._do("writable")

    @property
    def free_bytes(self) -> int:
        """The room that is left."""
        state = os.statvfs(self.seen)
        return state.f_bavail * state.f_frsize

    def leave(self, n_bytes: int) -> None:
        """Nothing; something else takes all room but so much, in whole pages."""
        with (self.seen / "something else").open("ab") as ballast:
            while self.free_bytes > n_bytes:
                ballast.write(b"\0" * min(2**20, max(PAGE, self.free_bytes - n_bytes)))
                ballast.flush()

    def make_room(self) -> None:
        """Nothing; what else took room is gone."""
        (self.seen / "something else").unlink(missing_ok=True)

    def _do(self, what: str) -> None:
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        self._holder.stdin.write(f"{what}\n")
        self._holder.stdin.flush()
        assert self._holder.stdout.readline() == "done\n"


@contextlib.contextmanager
def small_disk(folder: Path, n_bytes: int) -> Iterator[SmallDisk]:
    """A disk of that size at `folder`, which is made; where none can be mounted, the test is skipped or fails."""
    folder.mkdir()
    command = [sys.executable, __file__, str(folder), str(n_bytes)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stderr is not None
        if holder.stdout.readline() != "done\n":
            why = f"no disk can be mounted here: {holder.stderr.read().strip().splitlines()[-1]}"
            if os.environ.get(IS_NEEDED):
                pytest.fail(why)
            pytest.skip(why)
        try:
            yield SmallDisk(holder, folder)
        finally:
            assert holder.stdin is not None
            holder.stdin.close()


def _hold(folder: str, n_bytes: str) -> None:
    """Nothing; mounts the disk, and does what it is told until nobody is left who tells it."""
    uid, gid = os.geteuid(), os.getegid()
    _check(_LIBC.unshare(CLONE_NEWNS if uid == 0 else CLONE_NEWNS | CLONE_NEWUSER))
    if uid != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            Path(f"/proc/self/{name}").write_text(text)
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("none", folder, "tmpfs", 0, f"size={n_bytes}")
    print("done", flush=True)
    for line in sys.stdin:
        read_only = MS_RDONLY if line.strip() == "read-only" else 0
        _mount(None, folder, None, MS_REMOUNT | MS_BIND | read_only)
        print("done", flush=True)


_LIBC = ctypes.CDLL(None, use_errno=True)


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    texts = (text.encode() if text is not None else None for text in (source, target, kind))
    _check(_LIBC.mount(*texts, ctypes.c_ulong(flags), options.encode() if options is not None else None))


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    _hold(*sys.argv[1:])
