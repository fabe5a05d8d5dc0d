"""Opening a database and talking to it: pragmas, transactions, the schema's version, error messages with their mend.

Whatever the database or its driver raises leaves here as a `StoreError`.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from selftaught.errors import StoreError, StoreUnavailable
from selftaught.store import place, server
from selftaught.store.backup import back_up
from selftaught.store.schema import REVISIONS, VERSION_TABLE

BUSY_SECONDS = 30.0
"""How long to wait for another process that is writing before giving up."""


class Database:
    """One database, opened and of the schema that this code knows.

    Args:
        location: A path of an SQLite file, or a URL such as `postgresql+psycopg://…`.
        read_only: Nothing is created, migrated or written.
        busy_seconds: How long to wait for another process that is writing.

    Raises:
        StoreError: It cannot be opened as asked.
    """

    def __init__(self, location: str | Path, *, read_only: bool, busy_seconds: float = BUSY_SECONDS) -> None:
        self.read_only = read_only
        self.busy_seconds = busy_seconds
        self.warnings: list[str] = []
        self._path: Path | None = None
        if isinstance(location, str) and "://" in location:
            self.name, self.engine = server.engine_of_url(location)
        else:
            path = Path(os.path.abspath(location))  # noqa: PTH100 - keeps symbolic links, as the messages should
            self.name = str(path)
            place.check_place(path, self.name, read_only=read_only)
            self._path = path
            self.engine = _engine_of_file(self._uri(path), busy_seconds)
            warning = None if read_only else place.warning_about(path)
            self.warnings += [] if warning is None else [warning]
        try:
            self._prepare()
        except BaseException as error:
            self.close()
            if isinstance(error, StoreUnavailable) and self._is_out_of_bounds(error.__cause__):
                raise StoreError(str(error)) from error.__cause__
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in a transaction that sees one state of the store."""
        with self._explained(), self.engine.connect() as connection:
            connection = connection.execution_options(**server.reading_options(self.engine))
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction that holds the writing lock and commits at the end."""
        if self.read_only:
            raise StoreError(f"the store {self.name} was opened for reading only: open it for writing")
        with self._explained(), self.engine.connect() as connection:
            connection = connection.execution_options(selftaught_writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Nothing; closes every connection."""
        self.engine.dispose()

    @property
    def shortage(self) -> str | None:
        """Why nothing should be begun whose result has to be stored, with the mend; None where there is room."""
        free_bytes = place.free_bytes(self._path) if self._path is not None else None
        if free_bytes is None or free_bytes >= place.ROOM_BYTES:
            return None
        return (
            f"less than {place.ROOM_BYTES // 2**20} MiB are left on the disk of the store {self.name}, too little to "
            "be sure that all answers can be stored: free some space"
        )

    def _prepare(self) -> None:
        revision = self._first_revision()
        if not self.read_only:
            self._use_wal()
        if revision == REVISIONS[-1]:
            if not self.read_only:
                self._check_writable()
        elif self.read_only:
            raise StoreError(self._why_not_readable(revision))
        else:
            self._migrate()

    def _first_revision(self) -> str | None:
        try:
            with self.reading() as connection:
                return self._revision(connection)
        except StoreUnavailable as error:
            path = self._path
            if not self.read_only or path is None or _has_content(_log_of(path)):
                raise
            if _sqlite_code(error.__cause__) not in _NO_SIDE_FILE:
                raise
        # There is no room for the side files of a write-ahead log: so nobody writes, and it can be read as it is.
        self.engine.dispose()
        self.engine = _engine_of_file(_immutable(path), self.busy_seconds)
        with self.reading() as connection:
            return self._revision(connection)

    def _revision(self, connection: Connection) -> str | None:
        """The schema's revision, None if there is nothing in the database yet."""
        tables = inspect(connection).get_table_names()
        if not tables:
            return None
        if VERSION_TABLE not in tables:
            raise StoreError(f"{self.name} is a database, but not a store of selftaught: name another file")
        revision: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
        if revision is None and len(tables) > 1:
            raise StoreError(f"the store {self.name} does not say which schema it has: use a copy that is whole")
        if revision is not None and revision not in REVISIONS:
            raise StoreError(
                f"the store {self.name} is from a newer selftaught (schema {revision}, known here up to "
                f"{REVISIONS[-1]}): upgrade selftaught, or name another store"
            )
        return revision

    def _why_not_readable(self, revision: str | None) -> str:
        if revision is None:
            return f"the store {self.name} is empty: a run fills it"
        return (
            f"the store {self.name} is from an older selftaught (schema {revision}): the next run brings it up to date"
        )

    def _migrate(self) -> None:
        # The one place that loads Alembic: only a fresh or an old store needs it.
        from selftaught.store.migrate import upgrade

        revision, copy = None, None
        try:
            with self.writing() as connection:
                server.lock_for_migration(connection)
                # Asked again under the lock: another process may have been faster.
                revision = self._revision(connection)
                if revision == REVISIONS[-1]:
                    return
                copy = None if revision is None else self._copied(revision)
                upgrade(connection)
        except BaseException as error:
            if copy is None:
                raise
            self._fail(error, copy, revision)
        if revision is not None:
            kept = f"as it was, it is kept in {copy}" if copy else "no copy was made, as only a file can be copied"
            self.warnings.append(
                f"the store {self.name} was from an older selftaught and has been brought up to date; {kept}"
            )

    def _copied(self, revision: str) -> Path | None:
        """The file that holds the store as it is; None where it is on a server."""
        if self.engine.dialect.name != "sqlite":
            return None
        raw = self.engine.raw_connection()
        try:
            connection: Any = raw.driver_connection
            [(_, _, file)] = connection.execute("PRAGMA database_list").fetchall()
            return back_up(connection, Path(file), revision)
        finally:
            raw.close()

    def _fail(self, error: BaseException, copy: Path, revision: str | None) -> NoReturn:
        """Nothing; raises what a migration failed of. The copy goes if the store is seen to be as it was before."""
        if self._is_as_before(revision):
            with suppress(OSError):
                copy.unlink()
            raise error
        if not isinstance(error, StoreError):
            raise error
        raise type(error)(f"{error}; as it was before this version changed it, it is kept in {copy}") from error

    def _is_as_before(self, revision: str | None) -> bool:
        try:
            with self.reading() as connection:
                is_whole = connection.scalar(text("PRAGMA quick_check(1)")) == "ok"
                return is_whole and self._revision(connection) == revision
        except StoreError:
            return False

    def _check_writable(self) -> None:
        """Nothing; writes something and takes it back. To ask for the lock is not enough where a file is read-only."""
        with self.writing() as connection:
            connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = version_num"))
            connection.rollback()

    def _use_wal(self) -> None:
        """Nothing; switches an SQLite file to a write-ahead log, trying again while another process is in the way."""
        if self.engine.dialect.name != "sqlite":
            return
        deadline = time.monotonic() + self.busy_seconds
        with self._explained(), self.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            while raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                try:
                    raw.execute("PRAGMA journal_mode = WAL")
                except sqlite3.OperationalError as error:
                    # The switch does not wait by itself.
                    if _sqlite_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)

    def _uri(self, path: Path) -> str:
        """The address to open; an SQLite file falls back to reading by itself where it cannot be written."""
        if not self.read_only:
            return path.as_uri() + "?mode=rwc"
        if not os.access(path.parent, os.W_OK, effective_ids=True) and not _has_content(_log_of(path)):
            # The side files of a write-ahead log cannot be made here, and are not needed.
            return _immutable(path)
        return path.as_uri() + "?mode=rw"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns what the database raises into one sentence with the mend."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            kind = StoreUnavailable if _sqlite_code(error) in _FOR_NOW else StoreError
            raise kind(self._explain(error)) from error

    def _explain(self, error: Exception) -> str:
        cause = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        match _sqlite_code(error):
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return (
                    f"the store {self.name} has been locked by another process for more than {self.busy_seconds:g} s: "
                    "wait for it to end, or name another store"
                )
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                return f"the store {self.name} is read-only: make the file and its directory writable, or name another"
            case sqlite3.SQLITE_CANTOPEN:
                return f"the store {self.name} cannot be opened: check that its directory is writable, or name another"
            case sqlite3.SQLITE_NOTADB:
                return f"{self.name} is not a database: name another file for the store"
            case sqlite3.SQLITE_CORRUPT:
                return f"the store {self.name} is damaged ({cause}): restore it from a copy, or name another store"
            case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR if self._is_full(error):
                return f"there is no room left for the store {self.name}: free some space on its disk"
            case sqlite3.SQLITE_IOERR:
                return f"the disk of the store {self.name} failed ({cause}): check the disk and the space left on it"
            case sqlite3.SQLITE_ERROR:
                return (
                    f"the store {self.name} is not as selftaught writes it ({cause}): use a copy that is whole, "
                    "or name another store"
                )
            case _:
                return server.explain(error, self.name) or (
                    f"the store {self.name} refused a request ({cause}): report this, with the command that led to it"
                )

    def _is_full(self, error: BaseException | None) -> bool:
        """Whether a failure is for want of room: where a side file cannot grow, SQLite calls that a failing disk."""
        free_bytes = place.free_bytes(self._path) if self._path is not None else None
        return _sqlite_code(error) == sqlite3.SQLITE_FULL or (free_bytes is not None and free_bytes < _SIDE_FILE_BYTES)

    def _is_out_of_bounds(self, error: BaseException | None) -> bool:
        """Whether the file is not ours to open: while it is in use that may pass, but what was never open is not it."""
        return _sqlite_code(error) in _NOT_OURS and not self._is_full(error)


_FOR_NOW = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
    }
)
"""What ends when its cause does."""
_NOT_OURS = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN})
"""How SQLite says that a file may not be opened, or not be written."""
_SIDE_FILE_BYTES = 32 * 2**10
"""By so much the index of a write-ahead log grows."""


_NO_SIDE_FILE = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
"""How SQLite says that a side file cannot be made; a lock is none of these, and is heeded."""


def _sqlite_code(error: BaseException | None) -> int | None:
    """The primary result code of SQLite, if that is where the error is from."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _immutable(path: Path) -> str:
    """The address of a file that nobody writes, and that can be read without its side files."""
    return path.as_uri() + "?mode=ro&immutable=1"


def _engine_of_file(uri: str, busy_seconds: float) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, timeout=busy_seconds, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, max_overflow=-1)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """Transactions are begun by us: the driver would begin them late, and fail where it should wait."""
    writes = connection.get_execution_options().get("selftaught_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
