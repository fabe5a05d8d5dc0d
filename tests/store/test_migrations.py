"""The migrations make the schema that the code expects, on either database."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from selftaught.errors import StoreError, StoreWarning
from selftaught.ledger import NOTHING
from selftaught.store import RunStart, Store, schema, sha256_of
from selftaught.store.migrate import config
from selftaught.store.statements import Statements

Clock = Callable[[], datetime]


def test_the_known_revisions_are_those_of_the_folder() -> None:
    scripts = ScriptDirectory.from_config(config())
    assert scripts.get_heads() == [schema.REVISIONS[-1]]
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == schema.REVISIONS


def test_the_migrations_make_the_schema(store: Store) -> None:
    options = {"compare_type": True, "version_table": schema.VERSION_TABLE}
    with store._database.reading() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, schema.metadata) == []


def test_a_migration_that_was_cut_short_is_done_again(path: Path, clock: Callable[[], datetime]) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE {schema.VERSION_TABLE} (version_num VARCHAR(32) NOT NULL)")
    with Store.open(path, clock=clock) as store:
        store.start_run(RunStart(run_id="r-1", config={}))
        assert len(store.runs()) == 1


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_table_and_statement_is_one_for_postgresql(table: schema.Table) -> None:
    dialect = postgresql.dialect()
    assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
    for index in table.indexes:
        assert "CREATE INDEX" in str(CreateIndex(index).compile(dialect=dialect))
    statement = Statements("postgresql").insert(table)
    assert "INSERT INTO" in str(statement.compile(dialect=dialect))


def make_old_store(path: Path, revision: str) -> None:
    """A store as the version of that schema left it: a run with an evaluated program and a violation."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    with engine.begin() as connection:
        here = config()
        here.attributes["connection"] = connection
        command.upgrade(here, revision)
    engine.dispose()
    sha256, moment = sha256_of("x"), "2026-11-21T05:22:33.000000+00:00"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO texts VALUES (?, 'x')", (sha256,))
        connection.execute("INSERT INTO programs VALUES (?, 'solution', ?)", (sha256, moment))
        connection.execute(
            "INSERT INTO runs (run_id, status, config, versions, isolation, process, created_at, message) "
            "VALUES ('r-1', 'failed', '{}', '{}', 'full', '{}', ?, 'why')",
            (moment,),
        )
        connection.execute(
            "INSERT INTO evaluations "
            "(run_id, program, task, split, key, outcome, message, value, scores, n, created_at) "
            "VALUES ('r-1', ?, 't', 'test', 'k', 'ok', '', 0.5, '[0.5]', 1, ?)",
            (sha256, moment),
        )
        connection.execute(
            "INSERT INTO violations (run_id, kind, detail, created_at) VALUES ('r-1', 'file', 'open /x', ?)", (moment,)
        )


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [name for [name] in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names if "sqlite" not in name}


OLDER = schema.REVISIONS[:-1]


@pytest.mark.parametrize("revision", OLDER)
def test_an_older_store_keeps_what_it_holds_and_is_copied_first(path: Path, clock: Clock, revision: str) -> None:
    make_old_store(path, revision)
    path.chmod(0o640)
    before = rows_of(path)
    kept = path.with_name(f"{path.name}.backup-{revision}")
    with pytest.warns(StoreWarning, match=f"brought up to date; as it was, it is kept in {re.escape(str(kept))}"):
        store = Store.open(path, clock=clock)
    with store:
        [violation] = store.violations("r-1")
        assert (violation.detail, violation.count) == ("open /x", 1)
        assert [(record.value, record.scores) for record in store.evaluations("r-1")] == [(0.5, [0.5])]
        assert (store.run("r-1").message, store.spent("r-1"), store.notices("r-1")) == ("why", NOTHING, [])
        with store._database.reading() as connection:
            options = {"compare_type": True, "version_table": schema.VERSION_TABLE}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, schema.metadata) == []
    assert rows_of(kept) == before
    assert kept.stat().st_mode & 0o777 == 0o640
    assert sorted(found.name for found in path.parent.iterdir() if "backup" in found.name) == [kept.name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Store.open(path, clock=clock).close()


def test_a_copy_is_never_written_over(path: Path, clock: Clock) -> None:
    make_old_store(path, OLDER[0])
    first = path.with_name(f"{path.name}.backup-{OLDER[0]}")
    first.write_text("something that matters")
    with pytest.warns(StoreWarning, match=f"{OLDER[0]}-2"):
        Store.open(path, clock=clock).close()
    assert first.read_text() == "something that matters"
    assert rows_of(first.with_name(f"{first.name}-2"))["runs"]


def test_what_a_killed_process_left_of_a_copy_goes_with_the_next_one(path: Path, clock: Clock) -> None:
    make_old_store(path, OLDER[0])
    left = [path.with_name(f".{path.name}.copy-{'0' * 16}{ending}") for ending in ("", "-journal")]
    of_another = path.with_name(f".x{path.name}.copy-{'0' * 16}")
    for each in (*left, of_another):
        each.write_text("half a copy")
    with pytest.warns(StoreWarning, match="brought up to date"):
        Store.open(path, clock=clock).close()
    assert not any(each.exists() for each in left)
    assert of_another.exists()


def test_what_is_in_the_log_only_is_in_the_copy(path: Path, clock: Clock) -> None:
    make_old_store(path, OLDER[0])
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("UPDATE runs SET message = 'from the log'")
        writer.commit()
        assert path.with_name(f"{path.name}-wal").stat().st_size > 0
        with pytest.warns(StoreWarning):
            Store.open(path, clock=clock).close()
    kept = path.with_name(f"{path.name}.backup-{OLDER[0]}")
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT message FROM runs").fetchone() == ("from the log",)


def test_a_store_that_cannot_be_copied_is_left_as_it_is(path: Path, clock: Clock, monkeypatch) -> None:
    make_old_store(path, OLDER[0])
    before = rows_of(path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\): make room and write"):
        Store.open(path, clock=clock)
    monkeypatch.undo()
    assert rows_of(path) == before
    assert not [found for found in path.parent.iterdir() if "backup" in found.name or found.name.startswith(".")]


def copies_of(path: Path) -> list[Path]:
    return [found for found in path.parent.iterdir() if "backup" in found.name]


def take_a_name(path: Path) -> None:
    """Makes the migration of a store fail: a table that it wants to make is there."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE exchanges (number)")


def test_a_migration_that_fails_leaves_the_store_as_it_is_and_no_copy(path: Path, clock: Clock) -> None:
    make_old_store(path, OLDER[0])
    take_a_name(path)
    before = rows_of(path)
    with pytest.raises(StoreError, match="table exchanges already exists") as raised:
        Store.open(path, clock=clock)
    assert "kept in" not in str(raised.value)
    assert rows_of(path) == before
    assert copies_of(path) == []


def test_where_a_failed_migration_meets_damage_the_copy_stays_and_is_named(path: Path, clock: Clock) -> None:
    make_old_store(path, OLDER[0])
    take_a_name(path)
    with closing(sqlite3.connect(path)) as connection:
        [page] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'evaluations'").fetchone()
        [size] = connection.execute("PRAGMA page_size").fetchone()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(content)
    with pytest.raises(StoreError, match="as it was before this version changed it, it is kept in ") as raised:
        Store.open(path, clock=clock)
    [copy] = copies_of(path)
    assert str(raised.value).endswith(str(copy))
    assert copy.read_bytes()[(page - 1) * size : page * size] == b"\xa5" * size


def test_an_older_store_is_not_migrated_by_who_only_reads(path: Path, clock: Clock) -> None:
    make_old_store(path, OLDER[-1])
    with pytest.raises(StoreError, match=rf"from an older selftaught \(schema {OLDER[-1]}\): the next run brings it"):
        Store.open(path, clock=clock, read_only=True)
    assert not path.with_name(f"{path.name}.backup-{OLDER[-1]}").exists()


def test_of_two_processes_that_open_an_older_store_one_migrates_it(path: Path) -> None:
    make_old_store(path, OLDER[0])
    script = (
        "import sys, datetime\n"
        "from selftaught.store import Store\n"
        "Store.open(sys.argv[1], clock=lambda: datetime.datetime.now(datetime.UTC)).close()"
    )
    opening = [
        subprocess.Popen([sys.executable, "-c", script, str(path)], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[1] for process in opening]
    assert [process.returncode for process in opening] == [0, 0, 0]
    assert sum("brought up to date" in text for text in said) == 1
    assert len([found for found in path.parent.iterdir() if ".backup-" in found.name]) == 1
