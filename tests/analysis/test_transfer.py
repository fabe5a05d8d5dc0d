"""A transfer says what an improver is worth on each task, and takes no noise on one of many for a gain."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from selftaught.analysis.transfer import run_transfer, seed_of_run
from selftaught.cli.run import print_transfer
from selftaught.experiment import finding, run_stop
from selftaught.names import resolve_improver
from selftaught.progress import Progress
from selftaught.settings import RunSettings, TransferSettings, checked_settings
from selftaught.statistics import PairedDifference
from selftaught.store import Store
from selftaught.store.clock import now

DOUBLES = "def improve_algorithm(s, u, m):\n    return 'def double(n): return [2 * x for x in n]'\n"
KEEPS = "def improve_algorithm(s, u, m):\n    u(s)\n    return s\n"
SPOILS = "def improve_algorithm(s, u, m):\n    return 'def double(n): return [0.0 for _ in n]'\n"
SMALL = {"budget_calls": 1, "budget_responses": 1, "budget_utility": 2, "workers": 2}
N = 8


@pytest.fixture(scope="module")
def flat(doubling):
    """A task on which every solution scores 0.5."""
    source = doubling.utility_source
    scorer = f"{source[: source.index('def score')]}def score(arguments, hidden, answer):\n    return 0.5\n"
    return dataclasses.replace(doubling, name="flat", utility_source=scorer)


@pytest.fixture(scope="module")
def transferred(tmp_path_factory):
    """`transferred(source, tasks, ...)`: the document of a transfer, from the seed improver `KEEPS`."""
    folder = tmp_path_factory.mktemp("transfer")

    def transferred(source, tasks, **settings):
        checked = checked_settings(TransferSettings, **{**SMALL, "fresh_repeats": N, "rng_seed": 3, **settings})
        with Store.open(folder / "store.db", clock=now) as store:
            document = asyncio.run(run_transfer(source, tasks, checked, store, seed=KEEPS))
            assert store.run(document["run_id"]).result == document
        return document

    return transferred


@pytest.fixture(scope="module")
def document(transferred, doubling, flat):
    return transferred(DOUBLES, [doubling, flat])


def test_each_task_has_the_columns_of_the_papers_table_and_best_of_n(document):
    doubling, flat = document["tasks"]
    columns = ("initial", "seed_improver", "improver")
    assert [doubling[column]["mean"] for column in columns] == [0.5, 0.5, 1.0]
    assert [flat[column]["mean"] for column in (*columns, "best_of_n")] == [0.5] * 4
    assert all(row[column]["n"] == N for row in (doubling, flat) for column in columns)
    assert all(row[column]["failed"] == 0 for row in (doubling, flat) for column in columns[1:])


def test_gains_are_paired_and_corrected_for_the_number_of_tasks(document):
    gains = [row["gain"] for row in document["tasks"]]
    assert [gain["mean"] for gain in gains] == [0.5, 0.0]
    assert [gain["p_value"] for gain in gains] == [2 / 2**N, 1.0]
    assert [gain["p_corrected"] for gain in gains] == [2 * 2 / 2**N, 1.0]
    for row in document["tasks"]:
        other = row["gain_over_best_of_n"]
        assert other["mean"] == pytest.approx(row["improver"]["mean"] - row["best_of_n"]["mean"])
        assert other["p_corrected"] >= other["p_value"]


def test_a_verdict_says_that_it_is_corrected_and_against_whom(document):
    doubling, flat = document["tasks"]
    assert doubling["verdict"].startswith(
        "improved by 0.500 (95 % interval +0.500 to +0.500, p = 0.016 after correction"
    )
    assert flat["verdict"].startswith("no evidence of improvement")
    assert flat["verdict_over_best_of_n"].startswith("no evidence of improvement")
    assert "after correction for 2 tasks, 8 paired repeats" in doubling["verdict_over_best_of_n"]


def test_of_one_task_there_is_nothing_to_correct(transferred, doubling):
    [row] = transferred(SPOILS, [doubling])["tasks"]
    assert row["gain"]["p_corrected"] == row["gain"]["p_value"] == 2 / 2**N
    assert row["verdict"].startswith("worse by 0.500 (95 % interval -0.500 to -0.500, p = 0.0078, 8 paired")
    assert row["seed_improver"]["mean"] - row["improver"]["mean"] == 0.5


@pytest.mark.parametrize(
    ("n_tasks", "p_corrected", "says"),
    [
        (1, 0.031, "improved by 0.100 ("),
        (2, 0.062, "6 repeats are too few to tell, at least 7 are needed for 2 tasks (+0.100)"),
        (5, 0.155, "6 repeats are too few to tell, at least 8 are needed for 5 tasks (+0.100)"),
    ],
)
def test_more_tasks_need_more_repeats(n_tasks, p_corrected, says):
    gain = PairedDifference(mean=0.1, low=0.05, high=0.2, p_value=2 / 2**6, n=6)
    assert finding(gain, p_corrected=p_corrected, n_tasks=n_tasks).startswith(says)


def test_what_is_real_alone_need_not_be_after_correction():
    gain = PairedDifference(mean=0.1, low=0.05, high=0.2, p_value=0.03, n=20)
    assert finding(gain).startswith("improved by")
    corrected = finding(gain, p_corrected=0.09, n_tasks=3)
    assert corrected.startswith("no evidence of improvement")
    assert "p = 0.09 after correction for 3 tasks" in corrected


def test_the_seed_improver_of_a_run_is_its_own(tmp_path, doubling):
    file = tmp_path / "keeps.py"
    file.write_text(KEEPS)
    settings = checked_settings(
        RunSettings, **SMALL, improver=str(file), rounds=1, repeats=1, gate_repeats=1, test_repeats=1, fresh_repeats=1,
        meta_budget_calls=1, meta_budget_responses=1, meta_budget_utility=1, rng_seed=0,
    )  # fmt: skip
    with Store.open(tmp_path / "store.db", clock=now) as store:
        run_id = asyncio.run(run_stop([doubling], settings, store, Progress()))["run_id"]
        for name in (run_id, f"{run_id}:0", f"{run_id}:1"):
            assert seed_of_run(name, store) == KEEPS == resolve_improver(f"{run_id}:0", store)
        assert seed_of_run("greedy", store) is None


def test_the_screen_has_both_verdicts_and_what_was_used_in_80_columns(document, capsys):
    print_transfer(document)
    printed = capsys.readouterr().out
    assert all(len(line) <= 80 for line in printed.splitlines())
    flowing = " ".join(printed.split())
    for row in document["tasks"]:
        assert f"against the seed improver: {row['verdict']}" in flowing
        assert f"against best-of-n: {row['verdict_over_best_of_n']}" in flowing
    used = document["budget"]
    assert f"Used: {used['calls']} model calls, {used['responses']} responses, " in flowing
    assert f"{used['utility_calls']} uses of utilities, {document['evaluations']} evaluations" in flowing


def test_a_transfer_that_was_recorded_with_less_is_shown_all_the_same(document, capsys):
    rows = [{key: row[key] for key in row if key != "verdict_over_best_of_n"} for row in document["tasks"]]
    print_transfer({**document, "tasks": rows})
    assert "against the seed improver" in capsys.readouterr().out
