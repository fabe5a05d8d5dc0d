"""Opening: what is made, what is refused, and in which words."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from selftaught.errors import StoreError, StoreUnavailable
from selftaught.store import JournalEntry, ModelCallRecord, RunStart, Store

Clock = Callable[[], datetime]
NOBODY = 65534


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Acts as a user whom permissions bind, whoever runs the tests."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an ordinary user reaches, writable to all."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o777)
        yield place
        place.chmod(0o777)


def make_store(path: Path, clock: Clock) -> None:
    with Store.open(path, clock=clock) as store:
        store.start_run(RunStart(run_id="r-1", config={}))


def test_a_fresh_store_is_in_wal_mode_and_checks_what_points_where(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with store._database.reading() as inside:
        assert inside.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert inside.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert inside.exec_driver_sql("PRAGMA busy_timeout").scalar() == 300


def test_alembic_is_loaded_for_a_fresh_store_only(path: Path) -> None:
    script = (
        "import sys, datetime, selftaught.store\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "from selftaught.store import Store\n"
        "Store.open(sys.argv[1], clock=lambda: datetime.datetime.now(datetime.UTC)).close()\n"
        "print('alembic' in sys.modules)"
    )
    said = [subprocess.check_output([sys.executable, "-c", script, str(path)], text=True).strip() for _ in range(2)]
    assert said == ["True", "False"]


def test_no_directory(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(StoreError, match=r"there is no directory .*none for the store: make it with mkdir -p"):
        Store.open(tmp_path / "none" / "s.db", clock=clock)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_directory_in_place_of_the_file(tmp_path: Path, clock: Clock, read_only: bool) -> None:
    with pytest.raises(StoreError, match="is a directory: name a file in it"):
        Store.open(tmp_path, clock=clock, read_only=read_only)


def test_a_file_in_place_of_the_directory(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="not a directory"):
        Store.open(tmp_path / "file" / "s.db", clock=clock)


def test_a_name_that_no_file_can_have(clock: Clock) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open("a\x00b", clock=clock)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open("/tmp/" + "x" * 300, clock=clock)


def test_reading_what_is_not_there(path: Path, clock: Clock) -> None:
    with pytest.raises(StoreError, match="there is no store at"):
        Store.open(path, clock=clock, read_only=True)
    assert not path.exists()


def test_reading_an_empty_file(path: Path, clock: Clock) -> None:
    path.write_bytes(b"")
    with pytest.raises(StoreError, match="is empty: a run fills it"):
        Store.open(path, clock=clock, read_only=True)


def test_reading_takes_no_rows(path: Path, clock: Clock) -> None:
    make_store(path, clock)
    with Store.open(path, clock=clock, read_only=True) as store:
        assert [run.run_id for run in store.runs()] == ["r-1"]
        store.add_program("x", "solution")
        with pytest.raises(StoreError, match="for reading only"):
            store.flush()
        with pytest.raises(StoreError, match="for reading only"):
            store.close()


def test_a_read_only_file(folder: Path, clock: Clock) -> None:
    path = folder / "s.db"
    make_store(path, clock)
    path.chmod(0o444)
    with ordinary_user():
        with pytest.raises(StoreError, match="is read-only: make the file and its directory writable"):
            Store.open(path, clock=clock)
        with Store.open(path, clock=clock, read_only=True) as store:
            assert len(store.runs()) == 1


def test_a_read_only_directory(folder: Path, clock: Clock) -> None:
    path = folder / "s.db"
    make_store(path, clock)
    folder.chmod(0o555)
    with ordinary_user():
        with pytest.raises(StoreError, match=r"cannot be opened: .*writable|is read-only"):
            Store.open(path, clock=clock)
        with pytest.raises(StoreError, match="cannot be opened: check that its directory is writable"):
            Store.open(folder / "new.db", clock=clock)
        with Store.open(path, clock=clock, read_only=True) as store:
            assert len(store.runs()) == 1


def test_a_place_where_nobody_can_make_files(clock: Clock) -> None:
    with pytest.raises(StoreError, match="cannot be opened: check that its directory is writable"):
        Store.open("/proc/s.db", clock=clock)


def test_a_file_that_is_not_a_database(path: Path, clock: Clock) -> None:
    path.write_text("dear diary, " * 1000)
    for read_only in (False, True):
        with pytest.raises(StoreError, match="is not a database: name another file"):
            Store.open(path, clock=clock, read_only=read_only)
    assert path.read_text() == "dear diary, " * 1000


def test_the_database_of_something_else_is_left_alone(path: Path, clock: Clock) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a store of selftaught"):
        Store.open(path, clock=clock)
    assert path.read_bytes() == before


def test_a_damaged_store(path: Path, clock: Clock) -> None:
    make_store(path, clock)
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\xa5" * len(content[4096 * 2 :])
    path.write_bytes(content)
    with (
        pytest.raises(StoreError, match=r"is damaged .*: restore it from a copy"),
        Store.open(path, clock=clock) as store,
    ):
        store.runs()


@pytest.mark.parametrize("config", ["{", "[]]", "null and void"])
def test_a_row_that_holds_something_else(path: Path, clock: Clock, config: str) -> None:
    make_store(path, clock)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs SET config = ?", (config,))
    with (
        pytest.raises(StoreError, match=r"the table runs holds what selftaught did not write .*: use a copy"),
        Store.open(path, clock=clock, read_only=True) as store,
    ):
        store.runs()


def test_a_newer_store(path: Path, clock: Clock) -> None:
    make_store(path, clock)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE selftaught_schema SET version_num = '0999'")
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"from a newer selftaught \(schema 0999, .*: upgrade selftaught"):
            Store.open(path, clock=clock, read_only=read_only)


def test_a_locked_store(path: Path, clock: Clock) -> None:
    make_store(path, clock)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"locked by another process for more than 0.2 s: wait for it"):
            Store.open(path, clock=clock, busy_seconds=0.2)
        with Store.open(path, clock=clock, busy_seconds=0.2, read_only=True) as store:
            assert len(store.runs()) == 1, "who only reads does not wait for who writes"


def test_a_lock_that_keeps_readers_out_is_heeded_by_who_only_reads(path: Path, clock: Clock) -> None:
    make_store(path, clock)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable, match=r"locked by another process for more than 0.2 s"):
            Store.open(path, clock=clock, busy_seconds=0.2, read_only=True)
        other.execute("ROLLBACK")


def test_a_lock_in_the_middle_surfaces_and_nothing_is_lost(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store.start_run(RunStart(run_id="r-1", config={}))
        with pytest.raises(StoreError, match="locked by another process"):
            asyncio.run(store.committed())
        other.execute("ROLLBACK")
    asyncio.run(store.committed())
    assert [run.run_id for run in store.runs()] == ["r-1"]


def test_a_full_disk_surfaces_and_nothing_is_lost(store: Store) -> None:
    pages = 1

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(store._database.engine, "checkout", limit)
    sha256 = store.add_program("x" * 100_000, "solution")
    with pytest.raises(StoreError, match="no room left for the store"):
        store.flush()
    pages = 2**30
    store.flush()
    assert store.program(sha256).source == "x" * 100_000


def test_long_texts_are_stored_once(store: Store, path: Path, run_id: str) -> None:
    prompt = "improve this " * 2000
    for sequence in range(50):
        store.add_model_call(
            ModelCallRecord(
                run_id=run_id,
                model="gp",
                request_sha256="a" * 64,
                ordinal=sequence,
                expertise="e",
                message=prompt,
                temperature=0.7,
                n_responses=1,
                answers=[prompt],
            )
        )
        store.add_journal_entry(
            JournalEntry(
                run_id=run_id,
                improvement_id="first",
                sequence=sequence,
                method="prompt",
                request={"message": prompt},
                response=[prompt],
            )
        )
    store.close()
    assert path.stat().st_size < 10 * len(prompt)


@pytest.mark.parametrize("address", ["nosuch://host/name", "sqlite+none:///x", "://"])
def test_an_address_that_cannot_be_used(address: str, clock: Clock) -> None:
    with pytest.raises(StoreError, match="the address of the store cannot be used"):
        Store.open(address, clock=clock)
