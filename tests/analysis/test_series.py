"""A series of runs: each is what a run alone would be, and what is finished outlives what fails or is interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json

import pytest

from selftaught.analysis.curves import series_document
from selftaught.analysis.series import failure_sentence, run_series
from selftaught.errors import ConfigError, TaskError
from selftaught.experiment import run_stop
from selftaught.progress import Progress
from selftaught.settings import RunSettings, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now

SMALL = {
    "rounds": 1, "repeats": 1, "gate_repeats": 1, "test_repeats": 2, "fresh_repeats": 2, "budget_calls": 1,
    "budget_responses": 2, "budget_utility": 4, "meta_budget_calls": 1, "meta_budget_responses": 2,
    "meta_budget_utility": 3, "workers": 2,
}  # fmt: skip


def settings_of(**given):
    return checked_settings(RunSettings, **{**SMALL, "rng_seed": 5, **given})


@contextlib.contextmanager
def unseen(place, rng_seed):
    yield Progress()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("series") / "store.db", clock=now) as opened:
        yield opened


@pytest.fixture(scope="module")
def series(run, store, doubling):
    """The document of a series of two runs."""
    return run(run_series([doubling], settings_of(), 2, store, unseen))


def without_times_and_ids(document):
    return json.dumps({**document, "run_id": None, "budget": {**document["budget"], "seconds": None}}, sort_keys=True)


def test_each_run_is_what_a_run_alone_with_its_rng_seed_is(run, store, doubling, series):
    assert [made["rng_seed"] for made in series["runs"]] == [5, 6]
    for made in series["runs"]:
        alone = run(run_stop([doubling], settings_of(rng_seed=made["rng_seed"]), store, Progress()))
        assert without_times_and_ids(alone) == without_times_and_ids(made)


def test_the_series_and_its_runs_are_recorded_and_name_each_other(store, series):
    record = store.run(series["run_id"])
    assert (record.status, record.message, record.config["kind"], record.config["runs"]) == (
        "finished",
        "",
        "series",
        2,
    )
    assert record.result == series == series_document(record, store)
    assert record.isolation == series["isolation"]
    for made in series["runs"]:
        of_run = store.run(made["run_id"])
        assert of_run.result == made
        assert of_run.config["series"] == series["run_id"]
        assert of_run.config["rng_seed"] == made["rng_seed"]


BREAKS_BY_CHANCE = '''
"""A task whose own code fails on some draws."""


def instances(split, rng, n):
    if split == "fresh" and rng.random() < 0.35:
        raise ValueError("no instances today")
    return [((1,), 1)] * n


def score(arguments, hidden, answer):
    return 0.5
'''


@pytest.fixture
def fragile(doubling):
    source = "def double(number):\n    return 2 * number\n"
    return dataclasses.replace(doubling, name="fragile", utility_source=BREAKS_BY_CHANCE, seed_solution=source)


def test_a_run_that_fails_leaves_the_others_what_they_are(run, store, fragile):
    told = []

    @contextlib.contextmanager
    def seen(place, rng_seed):
        yield Progress(on_step=told.append)

    document = run(run_series([fragile], settings_of(rounds=0, rng_seed=0), 5, store, seen))
    n_failed = len(document["failures"])
    assert 0 < n_failed < 5
    assert document["runs_finished"] + n_failed == document["runs_asked"] == 5
    assert document["gain"]["n"] == document["runs_finished"]
    failed = {failure["rng_seed"] for failure in document["failures"]}
    assert failed | {made["rng_seed"] for made in document["runs"]} == set(range(5))
    assert sum("this run failed: " in line for line in told) == n_failed
    record = store.run(document["run_id"])
    assert (record.status, record.message) == ("failed", failure_sentence(document))
    assert record.message.startswith(f"{n_failed} of 5 runs failed, the first with: ")
    assert "no instances today" in record.message
    assert record.result == document


def test_a_series_that_is_interrupted_keeps_what_is_finished(run, store, doubling):
    second = Progress()

    @contextlib.contextmanager
    def seen(place, rng_seed):
        yield second if place == 1 else Progress()

    async def interrupted():
        working = asyncio.create_task(run_series([doubling], settings_of(rng_seed=50), 3, store, seen))
        while not second.improvements:
            await asyncio.sleep(0.002)
            assert not working.done()
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working

    run(interrupted())
    record = next(store.run(made.run_id) for made in store.runs() if made.config["kind"] == "series")
    assert (record.status, record.message) == ("interrupted", "it was interrupted")
    assert (record.result["runs_finished"], record.result["runs_asked"]) == (1, 3)
    assert [made["rng_seed"] for made in record.result["runs"]] == [50]
    assert record.result["rounds"][0]["test"]["n"] == 1
    assert series_document(record, store) == record.result
    statuses = {
        made.config["rng_seed"]: made.status for made in store.runs() if made.config.get("series") == record.run_id
    }
    assert statuses == {50: "finished", 51: "interrupted"}


@pytest.mark.parametrize("given", [{"model": "gpp"}, {"improver": "sead"}, {"improver": "r-1:0"}])
def test_a_wrong_call_records_nothing(run, tmp_path, doubling, given):
    with Store.open(tmp_path / "none.db", clock=now) as empty:
        with pytest.raises(ConfigError):
            run(run_series([doubling], settings_of(**given), 2, empty, unseen))
        assert empty.runs() == []


def test_where_every_run_fails_the_document_says_so_and_has_no_figures(run, store, doubling):
    broken = dataclasses.replace(doubling, seed_solution="def double(n): return 1 / 0")
    document = run(run_series([broken], settings_of(), 2, store, unseen))
    assert (document["runs_finished"], document["rounds"], len(document["failures"])) == (0, [], 2)
    assert "gain" not in document
    with pytest.raises(TaskError):
        run(run_stop([broken], settings_of(), store, Progress()))
