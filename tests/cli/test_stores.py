"""What is named by `--store`: where no store can be, the call was wrong. A full disk is in `test_small_disk.py`."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from selftaught.store import RunStart, Store
from selftaught.store.clock import now

COMMANDS = (
    ("run", "dispatch", "--runs", "2"),
    ("run", "dispatch", "--estimate", "--improver", "r-1:0"),
    ("improve", "dispatch", "--json"),
    ("transfer", "seed", "--tasks", "dispatch"),
    ("compare", "--improvers", "seed,best_of_n", "--tasks", "dispatch"),
    ("audit", "--bypass", "1"),
    ("audit", "r-1"),
    ("doctor",),
    ("show", "r-1"),
    ("resume", "r-1"),
    ("replay", "r-1"),
    ("strategies", "r-1"),
    ("export", "r-1"),
    ("plot", "r-1"),
    ("curves", "r-1"),
)


@pytest.fixture
def bad_stores(tmp_path):
    """Where no store can be used, by what is said of it."""
    (tmp_path / "diary.db").write_text("dear diary, " * 1000)
    (tmp_path / "folder").mkdir()
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE notes (text)")
    make_newer(tmp_path / "newer.db")
    return {
        "missing/s.db": "there is no directory",
        "folder": "is a directory",
        "diary.db": "is not a database",
        "diary.db/s.db": "is not a directory",
        "other.db": "not a store of selftaught",
        "newer.db": "from a newer selftaught",
        "/proc/s.db": "",  # there is none, or none can be made
        "nosuchdatabase://here/it": "the address of the store cannot be used",
    }


def make_newer(path):
    with Store.open(path, clock=now) as store:
        store.start_run(RunStart(run_id="r-1", config={"kind": "run"}))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE selftaught_schema SET version_num = '0999'")


def is_wrong(called, says):
    """Whether a call ended as a wrong one, with one sentence that says so."""
    return (called.code, called.stdout, called.stderr.count("\n"), says in called.stderr) == (2, "", 1, True)


@pytest.mark.parametrize("command", [("run", "dispatch"), ("runs",)], ids=" ".join)
def test_a_store_that_cannot_be_used_is_a_wrong_call(selftaught, bad_stores, command):
    for location, says in bad_stores.items():
        called = selftaught(*command, "--store", location)
        assert is_wrong(called, says), (location, called)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_it_is_one_of_every_command(selftaught, bad_stores, command):
    for location in ("missing/s.db", "diary.db"):
        called = selftaught(*command, "--store", location)
        assert is_wrong(called, bad_stores[location]), (location, called)
