"""Where the file of a store may be, and where it should better not be."""

from __future__ import annotations

import os
import re
from pathlib import Path

from selftaught.errors import StoreError

NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "ceph", "fuse.sshfs", "ncpfs"})
"""Kinds on which locks and shared memory, and so a write-ahead log, cannot be relied upon."""

MOUNTS = Path("/proc/self/mountinfo")

ROOM_BYTES = 16 * 2**20
"""What has to be left on the disk of a store for a run to ask for answers that cost: those in flight are stored yet."""


def check_place(path: Path, name: str, *, read_only: bool) -> None:
    """Nothing, if the path may be that of a store; what can be said better than the database would, is said here.

    Raises:
        StoreError: It may not; one sentence with the mend.
    """
    try:
        if "\0" in name:
            raise ValueError("it has a NUL character")
        if path.is_dir():
            raise StoreError(f"{name} is a directory: name a file in it for the store")
        if not path.parent.exists():
            raise StoreError(
                f"there is no directory {path.parent} for the store: make it with mkdir -p, or name another"
            )
        if not path.parent.is_dir():
            raise StoreError(f"{path.parent} is not a directory, so the store cannot be in it: name another file")
        if read_only and not path.exists():
            raise StoreError(f"there is no store at {name}: a run makes it, or name the one that you mean")
    except (OSError, ValueError) as error:
        raise StoreError(f"the store {name!r} cannot be opened ({error}): name another file") from error


def warning_about(path: Path) -> str | None:
    """Why a store should better not be at `path`, with the mend; None where nothing speaks against it."""
    try:
        kind = file_system_of(path.resolve(), MOUNTS.read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError:
        return None
    if kind not in NETWORK_FILE_SYSTEMS:
        return None
    return (
        f"the store {path} is on a network file system ({kind}), where SQLite can be damaged by two processes: "
        "name a file on a local disk with --store, or a database server"
    )


def free_bytes(path: Path) -> int | None:
    """The room that is left for who is not root on the disk that `path` is on; None where it cannot be told."""
    try:
        state = os.statvfs(path.parent)
    except OSError:
        return None
    return state.f_bavail * state.f_frsize if state.f_blocks else None  # some file systems count no blocks


def file_system_of(path: Path, mounts: str) -> str | None:
    """The kind of file system that `path` is on; None where it cannot be told.

    Args:
        path: Absolute, without links.
        mounts: What `/proc/self/mountinfo` says; a later line hides an earlier one.
    """
    found, longest = None, -1
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5:
            continue
        mounted_at = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4]))
        if len(mounted_at.parts) >= longest and path.is_relative_to(mounted_at):
            found, longest = after.split(" ")[0], len(mounted_at.parts)
    return found
