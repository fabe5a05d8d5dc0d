"""`resume` and `replay` from the command line, of runs whose process was killed."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from selftaught.store import RunStart, Store
from selftaught.store.clock import now

from .conftest import SELFTAUGHT

SMALL = (
    "--rng-seed", "0", "--rounds", "1", "--repeats", "1", "--gate-repeats", "2", "--test-repeats", "2",
    "--fresh-repeats", "3", "--budget-calls", "2", "--budget-responses", "3", "--budget-utility", "8",
    "--meta-budget-calls", "1", "--meta-budget-responses", "3", "--meta-budget-utility", "4",
)  # fmt: skip
TABLES = ("improvements", "evaluations", "model_calls", "journal", "violations", "rounds")
TWICE = {
    "evaluations": "run_id, program, task, split, key",
    "model_calls": "improvement_id, request_sha256, ordinal, message",
    "improvements": "run_id, path, improver, task, initial",
}
POINTS = (5, 50, 51, 110)
"""How many exchanges of improvers are on record when the run is killed: at first, in the middle of a round, later."""


def ask(path: Path, query: str) -> int:
    with closing(sqlite3.connect(path)) as connection, contextlib.suppress(sqlite3.OperationalError):
        return connection.execute(query).fetchone()[0]
    return 0


def count(path: Path, table: str) -> int:
    return ask(path, f"SELECT count(*) FROM {table}") if path.exists() else 0


def killed_after(n_exchanges: int, folder: Path, *arguments: str, life: int = 0) -> None:
    """Runs the command until so many exchanges are on record and it has taken up the run, and then kills it."""
    with subprocess.Popen(
        [SELFTAUGHT, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        path = folder / "selftaught.db"
        while count(path, "journal") < n_exchanges or count(path, "notices") < life:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()


def without_times(document):
    if isinstance(document, list):
        return [without_times(item) for item in document]
    if not isinstance(document, dict):
        return document
    return {key: without_times(item) for key, item in document.items() if key not in ("run_id", "seconds")}


def test_a_run_that_is_killed_four_times_ends_as_one_that_nobody_disturbed(selftaught, tmp_path):
    undisturbed = selftaught("run", "dispatch", *SMALL, "--store", "whole.db", "--json")
    assert undisturbed.code == 0, undisturbed.stderr
    whole, killed = tmp_path / "whole.db", tmp_path / "selftaught.db"

    command = ("run", "dispatch", *SMALL, "--json")
    for life, point in enumerate(POINTS):
        killed_after(point, tmp_path, *command, life=life)
        [run] = selftaught("runs", "--json").document
        assert (run["status"], run["message"]) == ("interrupted", "its process is gone")
        assert f"`selftaught resume {run['run_id']}" in selftaught("show", run["run_id"]).stdout
        command = ("resume", run["run_id"], "--json")
    ended = selftaught(*command)
    assert ended.code == 0, ended.stderr

    assert without_times(ended.document) == without_times(undisturbed.document)
    assert ended.document["run_id"] == run["run_id"]
    assert {table: count(killed, table) for table in TABLES} == {table: count(whole, table) for table in TABLES}
    for table, columns in TWICE.items():
        same = f"SELECT 1 FROM {table} GROUP BY {columns} HAVING count(*) > 1"
        assert ask(killed, f"SELECT count(*) FROM ({same})") == 0, table
    assert count(killed, "improvements") == ask(killed, "SELECT count(*) FROM improvements WHERE outcome IS NOT NULL")

    shown = selftaught("show", run["run_id"])
    assert shown.stdout.count("resumed: it had ended (interrupted: its process is gone) and was taken up again") == 4
    assert selftaught("show", run["run_id"], "--json").document["status"] == "finished"
    again = selftaught("resume", run["run_id"])
    assert (again.code, again.stdout) == (2, "")
    assert f"{run['run_id']} is finished, there is nothing to go on with" in again.stderr

    replayed = selftaught("replay", run["run_id"])
    assert replayed.code == 0, replayed.stdout
    assert "The same came of it: every program and every score." in replayed.stdout
    assert "gp is not a language model" in replayed.stdout


def test_a_series_that_is_killed_goes_on_with_the_run_that_it_was_at(selftaught, tmp_path):
    small = (*SMALL[:2], "--rounds", "0", *SMALL[4:])
    undisturbed = selftaught("run", "dispatch", "--runs", "2", *small, "--store", "whole.db", "--json")
    assert undisturbed.code == 0, undisturbed.stderr
    of_first = ask(
        tmp_path / "whole.db", "SELECT count(*) FROM journal WHERE run_id = (SELECT min(run_id) FROM journal)"
    )
    killed_after(of_first + 5, tmp_path, "run", "dispatch", "--runs", "2", *small, "--json")
    runs = {run["kind"]: run for run in selftaught("runs", "--json").document}
    ended = selftaught("resume", runs["series"]["run_id"], "--json")
    assert ended.code == 0, ended.stderr
    document, whole = ended.document, undisturbed.document
    assert [without_times(run) for run in document["runs"]] == [without_times(run) for run in whole["runs"]]
    assert without_times(document["gain"]) == without_times(whole["gain"])
    assert [run["status"] for run in selftaught("runs", "--json").document] == ["finished"] * 3


def test_two_who_resume_the_same_run_do_not_both_go_on(selftaught, tmp_path):
    killed_after(5, tmp_path, "run", "dispatch", *SMALL, "--json")
    [run] = selftaught("runs", "--json").document
    command = [SELFTAUGHT, "resume", run["run_id"], "--json"]
    both = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [(process.communicate(), process.returncode) for process in both]
    assert sorted(code for _, code in ended) == [0, 2]
    [refused] = [said for (_, said), code in ended if code == 2]
    assert f"{run['run_id']} is still running, as process " in refused or "is finished" in refused
    assert count(tmp_path / "selftaught.db", "notices") == 1


def test_an_improvement_that_was_interrupted_goes_on(selftaught, tmp_path):
    arguments = ("improve", "dispatch", "--rng-seed", "1", "--improver", "beam_search", "--budget-calls", "6")
    undisturbed = selftaught(*arguments, "--store", "whole.db", "--json")
    assert undisturbed.code == 0, undisturbed.stderr
    killed_after(4, tmp_path, *arguments, "--json")
    [run] = selftaught("runs", "--json").document
    ended = selftaught("resume", run["run_id"])
    assert ended.code == 0, ended.stderr
    assert undisturbed.document["source"].strip() in ended.stdout
    result = selftaught("show", run["run_id"], "--json").document
    assert {key: result[key] for key in ("source", "value_before", "value_after")} == {
        key: undisturbed.document[key] for key in ("source", "value_before", "value_after")
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("resume", "r-none"), "there is no run 'r-none'"),
        (("resume", "r-2"), "r-2 is of the kind 'bypass', which can be neither resumed nor replayed"),
        (("resume", "r-2", "--max-cost", "-1"), "--max-cost: input should be greater than or equal to 0, not '-1'"),
        (("resume", "r-2", "--workers", "0"), "--workers"),
        (("resume", "r-3"), "r-3 may still be running, on 'elsewhere' or in another container"),
        (("replay", "r-3"), "r-3 is still running: replay it when it is finished"),
        (("replay", "r-2"), "r-2 is of the kind 'bypass', which can be neither resumed nor replayed"),
        (("replay", "r-2", "--tasks", "nosuch"), "there is no task or task folder 'nosuch'"),
        (("resume",), "resume needs RUN (--run)"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_one_sentence(selftaught, tmp_path, arguments, says):
    made = selftaught("improve", "dispatch", "--budget-calls", "1", "--rng-seed", "0", "--json").document
    with Store.open(tmp_path / "selftaught.db", clock=now) as store:
        record = store.run(made["run_id"])
        for run_id, kind in (("r-2", "bypass"), ("r-3", "improve")):
            config = {**record.config, "kind": kind}
            store.start_run(
                RunStart(run_id=run_id, config=config, versions=record.versions, isolation=record.isolation)
            )
        store.finish_run("r-2", status="failed", message="why")
    with closing(sqlite3.connect(tmp_path / "selftaught.db")) as connection, connection:
        connection.execute("UPDATE runs SET process = ? WHERE run_id = 'r-3'", (json.dumps({"host": "elsewhere"}),))
    called = selftaught(*arguments)
    assert (called.code, called.stdout) == (2, ""), called
    assert called.stderr.count("\n") == 1
    assert says in called.stderr
