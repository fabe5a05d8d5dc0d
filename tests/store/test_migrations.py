"""The migrations make the schema that the code expects, on either database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from selftaught.store import RunStart, Store, ViolationRecord, schema
from selftaught.store.migrate import config
from selftaught.store.statements import Statements


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


def test_a_store_of_the_first_schema_keeps_what_it_holds(path: Path, clock: Callable[[], datetime]) -> None:
    with Store.open(path, clock=clock) as store:
        store.start_run(RunStart(run_id="r-1", config={}))
        store.add_violation(ViolationRecord(run_id="r-1", kind="file", detail="open '/x' for writing"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE violations DROP COLUMN count")
        connection.execute(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0001'")
    with Store.open(path, clock=clock) as store:
        [violation] = store.violations("r-1")
        assert (violation.detail, violation.count) == ("open '/x' for writing", 1)
