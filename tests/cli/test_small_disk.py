"""A store whose disk is full or read-only: every command stops with a sentence, and nothing that was stored is lost."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from selftaught.store.place import ROOM_BYTES

from ..models.http_server import serving
from ..store.test_migrations import OLDER, make_old_store, rows_of
from .conftest import SELFTAUGHT, Call
from .small_disk import SmallDisk, small_disk
from .test_again import SMALL, TABLES, TWICE, without_times
from .test_budgets_over_http import SMALL as SMALL_OVER_HTTP
from .test_budgets_over_http import script

MIB = 2**20
NO_ROOM = "there is no room left for the store"
STORE = "selftaught.db"
OF_A_STORE = {STORE, f"{STORE}-wal", f"{STORE}-shm"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 48 * MIB) as mounted:
        yield mounted


@pytest.fixture
def on_disk(disk: SmallDisk):
    """Runs the command line with the small disk as its working folder."""

    def call(*arguments: object) -> Call:
        command = disk.command(SELFTAUGHT, *arguments)
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        return Call(code=ended.returncode, stdout=ended.stdout, stderr=ended.stderr)

    return call


def reason(call: Call, code: int = 1) -> str:
    """Why a call failed: the one sentence at the end, with no trace beside it."""
    assert call.code == code, call
    assert "Traceback" not in call.stderr
    said = [line for line in call.stderr.splitlines() if line.startswith("selftaught: ")]
    assert said == call.stderr.splitlines()[-1:], call.stderr
    return said[0].removeprefix("selftaught: ")


@pytest.fixture
def copied(disk: SmallDisk, tmp_path: Path):
    """A copy of the store, elsewhere, as a process finds it that opens it now."""

    def copied() -> Path:
        folder = tmp_path / f"copy-{len(list(tmp_path.glob('copy-*')))}"
        folder.mkdir()
        for name in (STORE, f"{STORE}-wal"):
            if (disk.seen / name).exists():
                shutil.copyfile(disk.seen / name, folder / name)
        return folder / STORE

    return copied


def killed_after(n_exchanges: int, disk: SmallDisk) -> None:
    """Begins a run on the disk, and kills it when so much is in the log of its store."""
    command = disk.command(SELFTAUGHT, "run", "dispatch", *SMALL)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        log = disk.seen / f"{STORE}-wal"
        while not log.exists() or log.stat().st_size < n_exchanges * 100_000:
            assert process.poll() is None, process.stderr
            time.sleep(0.01)
        process.kill()
        process.communicate()


def rows(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def counts(path: Path) -> dict[str, int]:
    return {table: rows(path, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


def evaluations(path: Path) -> set[Any]:
    """What identifies each evaluation on record."""
    return set(rows(path, "SELECT id, program, split, key, created_at FROM evaluations"))


def assert_nothing_stands_twice(path: Path) -> None:
    for table, columns in TWICE.items():
        assert rows(path, f"SELECT 1 FROM {table} GROUP BY {columns} HAVING count(*) > 1") == [], table


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The store and the document of a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    command = [str(SELFTAUGHT), "run", "dispatch", *SMALL, "--json"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return folder / STORE, json.loads(ended.stdout)


def test_a_run_whose_disk_is_full_stops_and_when_there_is_room_ends_as_one_that_nobody_disturbed(
    disk, on_disk, copied, whole
):
    """The disk is full three times: while the run begins, in its first round, and later."""
    undisturbed, document = whole
    command: tuple[object, ...] = ("run", "dispatch", *SMALL, "--json")
    kept: set[Any] = set()
    for n_more in (350_000, 500_000, 500_000):
        disk.leave(n_more)
        ended = on_disk(*command)
        [listed] = on_disk("runs", "--json").document  # it can be asked about while the disk is full
        assert NO_ROOM in (said := reason(ended))
        assert said.endswith(f"; then `selftaught resume {listed['run_id']}` goes on from what is stored")
        assert listed["status"] == "interrupted"
        assert {path.name for path in disk.seen.iterdir()} <= OF_A_STORE | {"something else"}
        on_record = evaluations(copied())
        assert kept <= on_record
        kept = on_record
        disk.make_room()
        command = ("resume", listed["run_id"], "--json")
    assert kept, "it was stopped after it had begun"
    ended = on_disk(*command)
    assert ended.code == 0, ended.stderr
    assert without_times(ended.document) == without_times(document)
    in_the_end = copied()
    assert kept <= evaluations(in_the_end)
    assert counts(in_the_end) == counts(undisturbed)
    assert_nothing_stands_twice(in_the_end)
    assert {path.name for path in disk.seen.iterdir()} == {STORE}


@pytest.mark.parametrize("n_bytes", [0, 120_000])
def test_a_store_for_which_there_is_no_room_is_made_when_there_is(disk, on_disk, n_bytes):
    disk.leave(n_bytes)
    assert reason(on_disk("improve", "dispatch", "--rng-seed", "0", "--json")).startswith(NO_ROOM)
    disk.make_room()
    assert {path.name for path in disk.seen.iterdir()} <= OF_A_STORE
    ended = on_disk("improve", "dispatch", "--rng-seed", "0", "--json")
    assert ended.code == 0, ended.stderr
    [listed] = on_disk("runs", "--json").document
    assert listed["status"] == "finished"


def test_a_run_that_pays_for_answers_stops_while_there_is_room_for_those_on_their_way(disk, on_disk, copied):
    """The server is the judge: it is asked for nothing twice, however often the run has to stop."""
    asked_for = ("run", "dispatch", *SMALL_OVER_HTTP, "--json")
    with serving(script) as server:
        model = ("--model", f"{server.url}/v1#m")
        whole = on_disk(*asked_for, *model, "--store", "whole.db")
        assert whole.code == 0, whole.stderr
        undisturbed, sold = whole.document, len(server.posted())
        del server.asked[:]
        command: tuple[object, ...] = (*asked_for, *model)
        sold_by: list[int] = []
        for n_more in (400_000, 200_000):
            disk.leave(ROOM_BYTES + n_more)
            said = reason(on_disk(*command))
            [listed] = on_disk("runs", "--json").document
            assert said.startswith("less than 16 MiB are left on the disk of the store")
            assert said.endswith(
                "too little to be sure that all answers can be stored: free some space; "
                f"then `selftaught resume {listed['run_id']}` goes on from what is stored"
            )
            assert listed["status"] == "interrupted"
            assert said.startswith(listed["message"])
            sold_by.append(len(server.posted()))
            [(answers,)] = rows(copied(), "SELECT count(*) FROM exchanges")
            assert answers == sold_by[-1], "all that was sold is stored"
            command = ("resume", listed["run_id"], "--json")
        assert 0 < sold_by[0] <= sold_by[1] < sold
        disk.make_room()
        ended = on_disk(*command)
        assert ended.code == 0, ended.stderr
        assert len(server.posted()) == sold
        assert rows(copied(), "SELECT count(DISTINCT key) FROM exchanges") == [(sold,)]
    assert without_times(ended.document) == without_times(undisturbed)
    assert_nothing_stands_twice(copied())


READING = (("runs",), ("show", "{}"), ("audit", "{}"), ("export", "{}", "--json"), ("doctor", "--store", STORE))


@pytest.mark.parametrize("has_log", [False, True], ids=["closed", "killed"])
def test_a_read_only_store_is_shown_and_not_written_to(disk, on_disk, copied, has_log):
    if has_log:
        killed_after(5, disk)
        assert (disk.seen / f"{STORE}-wal").stat().st_size > 0
    else:
        disk.leave(400_000)
        on_disk("run", "dispatch", *SMALL)
        disk.make_room()
    disk.make_read_only()
    [before] = on_disk("runs", "--json").document
    on_record = counts(copied())
    for arguments in (
        ("run", "dispatch", *SMALL),
        ("resume", before["run_id"]),
        ("replay", before["run_id"]),
        ("audit", "--bypass", "2"),
    ):
        said = reason(on_disk(*arguments), code=2)
        assert said in (
            f"the store {disk.folder / STORE} is read-only: make the file and its directory writable, or name another",
            f"the store {disk.folder / STORE} cannot be opened: check that its directory is writable, or name another",
        )
    for arguments in READING:
        shown = on_disk(*(argument.format(before["run_id"]) for argument in arguments))
        assert (shown.code, shown.stderr) == (0, ""), arguments
        assert before["run_id"] in shown.stdout or "whole" in shown.stdout
    disk.make_writable()
    assert counts(copied()) == on_record
    ended = on_disk("resume", before["run_id"], "--json")
    assert ended.code == 0, ended.stderr


def test_a_store_on_a_full_disk_is_shown(disk, on_disk):
    made = on_disk("improve", "dispatch", "--rng-seed", "0", "--json").document
    disk.leave(0)
    for arguments in READING:
        shown = on_disk(*(argument.format(made["run_id"]) for argument in arguments))
        assert (shown.code, shown.stderr) == (0, ""), arguments
        assert made["run_id"] in shown.stdout or "whole" in shown.stdout


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("all.json", ("--output", "all.json")),
        ("folder", ("--output", "folder")),
        ("record.gz", ("--recording", "record.gz")),
    ],
)
def test_an_export_for_which_there_is_no_room_leaves_nothing_half_done(disk, on_disk, name, arguments):
    made = on_disk("improve", "dispatch", "--rng-seed", "0", "--json").document
    disk.leave(8_192 if name != "record.gz" else 0)
    said = reason(on_disk("export", made["run_id"], *arguments))
    assert said == (
        f"{name} cannot be written: No space left on device; free some space on its disk, "
        f"or name another with {arguments[0]}"
    )
    assert not (disk.seen / name).exists()
    disk.make_room()
    assert on_disk("export", made["run_id"], *arguments).code == 0
    assert (disk.seen / name).exists()


@pytest.mark.parametrize("n_bytes", [40_000, 250_000])
def test_an_older_store_that_cannot_be_copied_or_changed_for_want_of_room_stays_as_it_is(
    disk, on_disk, copied, tmp_path, n_bytes
):
    old = tmp_path / "old.db"
    make_old_store(old, OLDER[0])
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.executemany("INSERT INTO texts VALUES (?, ?)", [(str(number), "x" * 1000) for number in range(200)])
    shutil.copyfile(old, disk.seen / STORE)
    disk.leave(n_bytes)
    said = reason(on_disk("improve", "dispatch", "--rng-seed", "0", "--json"))
    assert NO_ROOM in said or "the copy cannot be written" in said
    assert rows_of(copied()) == rows_of(old)
    assert not [path for path in disk.seen.iterdir() if path.name.startswith(".") or "backup" in path.name]
    disk.make_room()
    ended = on_disk("improve", "dispatch", "--rng-seed", "0", "--json")
    assert ended.code == 0, ended.stderr
    assert "has been brought up to date; as it was, it is kept in" in ended.stderr
