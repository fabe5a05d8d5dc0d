"""A comparison says which improver is better, and takes no noise for a difference."""

from __future__ import annotations

import asyncio

import pytest

from selftaught.analysis.compare import pairs_of, run_compare
from selftaught.errors import Outcome
from selftaught.meta_utility import MetaEvaluation, Repeat
from selftaught.settings import CompareSettings, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now

DOUBLES = "def improve_algorithm(s, u, m):\n    return 'def double(n): return [2 * x for x in n]'\n"
KEEPS = "def improve_algorithm(s, u, m):\n    u(s)\n    return s\n"
FAILS = "def improve_algorithm(s, u, m):\n    raise ValueError('no')\n"


@pytest.fixture(scope="module")
def document(doubling, tmp_path_factory):
    settings = checked_settings(CompareSettings, fresh_repeats=8, rng_seed=3, workers=2)
    improvers = {"keeps": KEEPS, "doubles": DOUBLES, "fails": FAILS}
    with Store.open(tmp_path_factory.mktemp("compare") / "store.db", clock=now) as store:
        made = asyncio.run(run_compare(improvers, [doubling], settings, store))
        assert store.run(made["run_id"]).result == made
    return made


def test_every_improver_has_its_mean_and_its_rank(document):
    rows = {row["name"]: row for row in document["improvers"]}
    assert {name: row["mean"] for name, row in rows.items()} == {"keeps": 0.5, "doubles": 1.0, "fails": 0.5}
    assert {name: row["mean_rank"] for name, row in rows.items()} == {"keeps": 2.5, "doubles": 1.0, "fails": 2.5}
    assert {name: row["failed"] for name, row in rows.items()} == {"keeps": 0, "doubles": 0, "fails": 8}


def test_what_each_used_is_its_own(document):
    used = {row["name"]: row["used"] for row in document["improvers"]}
    assert {name: counts["utility_calls"] for name, counts in used.items()} == {"keeps": 8, "doubles": 0, "fails": 0}
    assert all(counts["calls"] == 0 and counts["seconds"] > 0 for counts in used.values())


def test_a_real_difference_is_told_from_none(document):
    pairs = {(pair["first"], pair["second"]): pair for pair in document["pairs"]}
    assert pairs["keeps", "doubles"]["mean"] == -0.5
    assert pairs["keeps", "doubles"]["p_value"] == 2 / 2**8
    assert pairs["keeps", "doubles"]["p_corrected"] == pytest.approx(3 * 2 / 2**8)
    assert pairs["keeps", "doubles"]["is_real"]
    assert not pairs["keeps", "fails"]["is_real"]
    assert document["tasks"][0]["pairs"] == document["pairs"]


def evaluation(task: str, values: list[float]) -> MetaEvaluation:
    repeats = (Repeat(task=task, initial_value=0.0, value=value, outcome=Outcome.OK) for value in values)
    return MetaEvaluation(repeats=tuple(repeats))


def test_differences_count_over_every_task_and_repeat():
    measured = [
        {"a": evaluation("x", [1, 1, 1]), "b": evaluation("x", [0, 0, 0])},
        {"a": evaluation("y", [2, 2, 2]), "b": evaluation("y", [0, 0, 0])},
    ]
    [pair] = pairs_of(measured)
    assert (pair["mean"], pair["n"], pair["p_value"]) == (1.5, 6, 2 / 2**6)
    assert pair["is_real"]
    assert not pairs_of(measured[:1])[0]["is_real"]


def test_a_task_with_large_numbers_does_not_drown_the_others():
    """A clear difference on a scale of 1 beside noise on a scale of 1,000."""
    clear = {"a": evaluation("x", [1.0] * 6), "b": evaluation("x", [0.9] * 6)}
    noisy = {
        "a": evaluation("y", [900, -900, 500, -500, 700, -700]),
        "b": evaluation("y", [-900, 900, -500, 500, -700, 700]),
    }
    [pair] = pairs_of([clear, noisy])
    assert pair["p_value"] < 0.1
    assert pairs_of([noisy])[0]["p_value"] == 1.0
