"""`run --runs`, and `runs`, `show`, `export`, `plot`, `curves` of the series that it makes."""

from __future__ import annotations

import pytest

from selftaught.store import RunStart, Store
from selftaught.store.clock import now

SMALL = (
    "--rounds", "1", "--repeats", "1", "--gate-repeats", "2", "--test-repeats", "2", "--fresh-repeats", "3",
    "--budget-calls", "2", "--budget-responses", "3", "--budget-utility", "8",
    "--meta-budget-calls", "1", "--meta-budget-responses", "3", "--meta-budget-utility", "4",
)  # fmt: skip


def widths(text):
    return [len(line) for line in text.splitlines()]


def test_a_series_is_made_listed_shown_exported_drawn_and_compared(selftaught, tmp_path):
    called = selftaught("run", "dispatch", "--runs", "2", "--rng-seed", "0", *SMALL, "--json")
    assert called.code == 0, called.stderr
    assert [line for line in called.stderr.splitlines() if line.startswith("run ")] == [
        "run 1 of 2, rng-seed 0",
        "run 2 of 2, rng-seed 1",
    ]
    document = called.document
    series, first = document["run_id"], document["runs"][0]["run_id"]
    assert [made["rng_seed"] for made in document["runs"]] == [0, 1]
    assert [made["round"] for made in document["rounds"]] == [0, 1]

    for arguments in (
        ("improve", "dispatch", "--improver", series),
        ("transfer", series, "--tasks", "dispatch"),
        ("compare", "--improvers", f"seed,{series}:1", "--tasks", "dispatch"),
        ("strategies", series),
        ("audit", series),
    ):
        refused = selftaught(*arguments)
        assert (refused.code, refused.stdout) == (2, "")
        assert f"{series} is a series of runs" in refused.stderr

    listed = {run["run_id"]: run for run in selftaught("runs", "--json").document}
    assert (listed[series]["kind"], listed[series]["runs_asked"], listed[series]["status"]) == ("series", 2, "finished")
    assert (listed[first]["kind"], listed[first]["series"]) == ("run", series)
    lines = selftaught("runs").stdout.splitlines()
    assert any(line.startswith(series) and "series of 2 runs dispatch" in line for line in lines)
    assert any(line.startswith(first) and line.endswith(f"in {series}") for line in lines)

    shown = selftaught("show", series, "--json").document
    assert {key: shown[key] for key in document} == document
    text = selftaught("show", series).stdout
    assert "series of 2 runs" in text
    assert all(run["run_id"] in text for run in document["runs"])
    assert "gp is not a language model" in text
    tables = [line for line in text.splitlines() if not line.startswith(("Against", "Used by", "Programs", "Stored"))]
    assert max(map(len, tables)) <= 86

    always = selftaught("run", "dispatch", "--runs", "2", "--rng-seed", "1", "--accept", "always", *SMALL)
    assert always.code == 0, always.stderr
    other = always.stdout.rsplit("show ", 1)[1].partition("`")[0]
    assert "2/0/0" in always.stdout or "no_proposal" in always.stdout or "1/0/1" in always.stdout

    compared = selftaught("curves", series, other, "--json").document
    assert [curve["label"] for curve in compared["series"]] == ["gp, accept better", "gp, accept always"]
    [pair] = compared["pairs"]
    assert (pair["rng_seeds"], pair["unpaired"]) == ([1], [1, 1])
    assert pair["last_round"]["n"] == 1
    text = selftaught("curves", series, other).stdout
    assert "A - B, paired by rng seed, 1 pair of runs; 2 runs without a partner left out:" in text
    assert "at least 6 are needed" in text

    drawn = selftaught("plot", series, other, "--output", "both.png", "--json").document
    assert drawn == {"run_id": series, "runs": [series, other], "file": "both.png"}
    assert (tmp_path / "both.png").read_bytes().startswith(b"\x89PNG")
    assert selftaught("plot", first, "--output", "one.svg").code == 0
    assert "round (hollow: proposal not accepted)" in (tmp_path / "one.svg").read_text()

    assert selftaught("export", series, "--output", "folder").code == 0
    assert {"run.json", "programs", *(run["run_id"] for run in document["runs"])} <= {
        path.name for path in (tmp_path / "folder").iterdir()
    }
    exported = selftaught("export", series, "--json").document
    assert [run["run"]["run_id"] for run in exported["series"]] == [run["run_id"] for run in document["runs"]]


def test_other_tasks_are_refused_and_a_single_run_is_a_curve(selftaught):
    runs = [
        selftaught("run", task, "--rng-seed", "0", *SMALL, "--json").document["run_id"]
        for task in ("dispatch", "bin_packing")
    ]
    for command in ("curves", "plot"):
        called = selftaught(command, *runs)
        assert called.code == 2
        assert "curves of different tasks have no scale in common" in called.stderr
    alone = selftaught("curves", runs[0])
    assert alone.code == 0
    assert "gp, accept better: 1 run" in alone.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "dispatch", "--runs", "0"), "--runs"),
        (("run", "dispatch", "--runs", "two"), "--runs"),
        (("run", "dispatch", "--runs", "2", "--model", "gq"), "did you mean gp"),
        (("run", "dispatch", "--runs", "2", "--improver", "sead"), "did you mean seed"),
        (("curves",), "curves needs run"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_leaves_no_store(selftaught, tmp_path, arguments, says):
    called = selftaught(*arguments)
    assert (called.code, called.stdout) == (2, "")
    assert called.stderr.count("\n") == 1
    assert says.lower() in called.stderr.lower()
    assert not (tmp_path / "selftaught.db").exists()


TASK = """
import random


def instances(split, rng, n):
    if split == "fresh" and rng.random() < 0.5:
        raise ValueError("\\x1b[31mnone today")
    return [((1,), 1)] * n


def score(arguments, hidden, answer):
    return 0.5
"""


def test_runs_that_fail_are_told_and_the_call_fails_while_the_others_stand(selftaught, tmp_path):
    folder = tmp_path / "fragile"
    folder.mkdir()
    (folder / "task.toml").write_text('name = "fragile"\nentry = "f"\nsummary = "breaks by chance"\n')
    (folder / "seed_solution.py").write_text("def f(x):\n    return x\n")
    (folder / "utility.py").write_text(TASK)
    called = selftaught("run", folder, "--runs", "4", "--rng-seed", "0", "--rounds", "0", *SMALL[2:], "--json")
    assert called.code == 1
    document = called.document
    n_failed = len(document["failures"])
    assert 0 < n_failed < 4
    assert document["runs_finished"] == 4 - n_failed
    assert called.stderr.splitlines()[-1].startswith(f"selftaught: {n_failed} of 4 runs failed, the first with: ")
    shown = selftaught("show", document["run_id"])
    assert shown.code == 0
    assert f"series of {4 - n_failed} of 4 runs finished" in shown.stdout
    assert "none today" in shown.stdout
    assert "\x1b" not in shown.stdout + called.stderr


def test_a_series_without_isolation_says_so_wherever_it_is_shown(selftaught):
    made = selftaught("run", "bin_packing", "--runs", "2", "--unsafe-no-isolation", *SMALL, "--json").document
    assert made["isolation"] == "unsandboxed"
    for command in ("show", "curves"):
        assert "UNSANDBOXED" in selftaught(command, made["run_id"]).stdout


def test_what_a_store_from_elsewhere_says_is_escaped_and_claims_stay_claims(selftaught, tmp_path):
    odd = "\x1b[2J\x1b]0;x\x07"
    config = {"kind": "run", "tasks": [odd], "model": odd}
    result = {"verdict": odd, "model": odd, "is_language_model": False, "opaque": [odd]}
    with Store.open(tmp_path / "selftaught.db", clock=now) as store:
        store.start_run(RunStart(run_id="r-1", config=config, isolation="full"))
        store.finish_run("r-1", status="finished", result=result)
        store.start_run(RunStart(run_id="r-2", config=config, versions={"opaque": ["claims"]}, isolation="full"))
        store.finish_run("r-2", status="interrupted", message="it was interrupted")
    shown = selftaught("show", "r-1")
    assert shown.code == 0, shown.stderr
    assert "\x1b" not in shown.stdout
    assert r"\x1b[2J\x1b]0;x\x07 scores beside the candidate (opaque)" in shown.stdout
    assert "claims scores beside the candidate (opaque): its score is a claim." in selftaught("show", "r-2").stdout
