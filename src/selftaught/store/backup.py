"""The copy of an older store that is made before it is migrated: whole or not there, never in place of another file."""

from __future__ import annotations

import contextlib
import errno
import glob
import itertools
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from selftaught.errors import StoreError, StoreUnavailable


def back_up(connection: sqlite3.Connection, path: Path, revision: str) -> Path:
    """The file beside `path` that now holds what `connection` sees, by a name that ends in `.backup-REVISION`.

    Args:
        connection: To the store; not one that has written and not committed.
        path: The store's file, whose permissions the copy gets.
        revision: Of its schema.

    Raises:
        StoreError: The copy cannot be made; nothing is left of it.
        StoreUnavailable: There is no room for it.
    """
    _remove_what_was_left(path)
    temporary = path.with_name(f".{path.name}.copy-{secrets.token_hex(8)}")
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        temporary.chmod(path.stat().st_mode & 0o777)
        with closing(sqlite3.connect(temporary)) as copy:
            connection.backup(copy)
        _make_durable(temporary)
        target = _free_name(path.with_name(f"{path.name}.backup-{revision}"))
        temporary.rename(target)
        _make_durable(path.parent)
    except (OSError, sqlite3.Error) as error:
        cause = getattr(error, "strerror", None) or str(error)
        kind = StoreUnavailable if _is_for_want_of_room(error) else StoreError
        raise kind(
            f"the store {path} is from an older selftaught and is copied before it is brought up to date, but the copy "
            f"cannot be written ({cause}): make room and write access in {path.parent}, or name another store"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return target


def _remove_what_was_left(path: Path) -> None:
    """Nothing; removes what killed processes left of copies. Nobody else makes one: who migrates holds the lock."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.copy-*"):
        with contextlib.suppress(OSError):
            left.unlink()


def _is_for_want_of_room(error: OSError | sqlite3.Error) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def _free_name(wanted: Path) -> Path:
    """The path, or with a number after it where it is taken; whoever migrates holds the lock of the store."""
    names = (wanted.with_name(f"{wanted.name}-{number}") for number in itertools.count(2))
    return next(path for path in itertools.chain([wanted], names) if not os.path.lexists(path))


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
