"""A whole run on the embedded model: the same twice, recorded whole, and interrupted at any moment."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import time
from pathlib import Path

import pytest

from selftaught import recorded_run
from selftaught.budget import Budget
from selftaught.errors import ConfigError, Outcome, SandboxError, SelfTaughtError, TaskError, Violation
from selftaught.experiment import Comparison, checked_meta_utility, finding, run_stop, verdict
from selftaught.improver import bundled_improver
from selftaught.meta_utility import MetaEvaluation, Repeat
from selftaught.models.gp import GeneticProposer
from selftaught.names import resolve_improver
from selftaught.progress import Progress
from selftaught.settings import (
    PAPER_BUDGET,
    CompareSettings,
    ImproveSettings,
    RunSettings,
    TransferSettings,
    checked_settings,
)
from selftaught.source import sha256_of
from selftaught.statistics import PairedDifference
from selftaught.store import Store
from selftaught.store.clock import now
from selftaught.task_definition import find_task
from selftaught.violations import violations_document

SMALL = {
    "rounds": 1, "repeats": 2, "gate_repeats": 2, "test_repeats": 2, "fresh_repeats": 3, "budget_calls": 2,
    "budget_responses": 3, "budget_utility": 6, "meta_budget_calls": 1, "meta_budget_responses": 3,
    "meta_budget_utility": 3,
}  # fmt: skip
INTERRUPT_SECONDS = 5.0
"""The promise is 2 s; machines are shared."""


@pytest.fixture(scope="module")
def dispatch():
    """The bundled task with few instances."""
    return dataclasses.replace(find_task("dispatch"), n_validation=3, n_test=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("experiment")


@pytest.fixture(scope="module")
def whole_run(run, folder, dispatch):
    """`whole_run(name, ...)`: the document of a run, recorded in a store of that name."""
    known = {}

    def whole_run(name, *, tasks=None, **settings):
        if name not in known:
            with Store.open(folder / f"{name}.db", clock=now) as store:
                checked = checked_settings(RunSettings, **{**SMALL, "rng_seed": 0, **settings})
                known[name] = run(run_stop(tasks or [dispatch], checked, store, Progress()))
        return known[name]

    return whole_run


@pytest.fixture
def store_of(folder):
    """`store_of(name)`: the store of a run."""
    opened = []

    def store_of(name):
        opened.append(Store.open(folder / f"{name}.db", read_only=True, clock=now))
        return opened[-1]

    yield store_of
    for store in opened:
        store.close()


def without_times_and_ids(document):
    return json.dumps(
        {**document, "run_id": None, "budget": {**document["budget"], "seconds": None}}, sort_keys=True, allow_nan=False
    )


def test_the_same_rng_seed_gives_the_same_document_with_one_worker_and_with_two(whole_run):
    first, again, other = (
        whole_run("first", workers=2),
        whole_run("again", workers=2),
        whole_run("one worker", workers=1),
    )
    assert without_times_and_ids(first) == without_times_and_ids(again) == without_times_and_ids(other)
    assert len({document["run_id"] for document in (first, again, other)}) == 3


def test_another_rng_seed_gives_another_run(whole_run):
    first, other = whole_run("first", workers=2), whole_run("other", workers=2, rng_seed=1)
    assert other["rng_seed"] == 1
    assert first["initial_solution"] != other["initial_solution"]
    assert first["seed_improver"] != other["seed_improver"]


def test_the_document_has_what_the_contract_says(whole_run):
    document = whole_run("first", workers=2)
    assert {
        "run_id", "task", "model", "isolation", "rng_seed", "rounds", "seed_improver", "best_of_n", "improver", "gain",
        "budget", "evaluations", "violations",
    } <= set(document)  # fmt: skip
    assert (document["task"], document["model"], document["is_language_model"]) == ("dispatch", "gp", False)
    assert document["isolation"] in ("full", "confined", "sealed")
    assert [made["round"] for made in document["rounds"]] == [0, 1]
    for made in document["rounds"]:
        assert {"round", "validation", "test", "accepted", "improver"} <= set(made)
    measured = [made["test"] for made in document["rounds"]]
    measured += [document[name]["test"] for name in ("seed_improver", "best_of_n", "improver")]
    for test in measured:
        assert set(test) == {"mean", "low", "high", "n"}
        assert test["low"] <= test["mean"] <= test["high"]
    assert set(document["gain"]) == {"mean", "low", "high", "p_value", "n"}
    assert {"calls", "responses", "utility_calls", "seconds"} <= set(document["budget"])
    assert all(set(violation) >= {"kind", "detail"} for violation in document["violations"])


def test_the_numbers_of_a_document_agree_with_each_other(whole_run):
    document = whole_run("first", workers=2)
    assert document["rounds"][0]["improver"] == sha256_of(bundled_improver("seed"))
    assert document["rounds"][-1]["improver"] == document["improver"]["sha256"]
    assert document["improver"]["sha256"] == sha256_of(document["improver"]["source"])
    assert [made["test"]["n"] for made in document["rounds"]] == [2, 2]
    assert document["gain"]["n"] == document["seed_improver"]["test"]["n"] == 3
    gained = document["improver"]["test"]["mean"] - document["seed_improver"]["test"]["mean"]
    assert document["gain"]["mean"] == pytest.approx(gained)
    beyond = document["improver"]["test"]["mean"] - document["best_of_n"]["test"]["mean"]
    assert document["gain_over_best_of_n"]["mean"] == pytest.approx(beyond)
    for before, made in zip(document["rounds"], document["rounds"][1:], strict=False):
        assert made["parent"] == before["improver"]
        assert made["improver"] == (made["proposal"] if made["accepted"] else made["parent"])
        used = made["meta_budget_used"]
        assert used["calls"] <= 1
        assert used["utility_calls"] <= 3


def test_everything_in_the_document_is_in_the_store(whole_run, store_of):
    document = whole_run("first", workers=2)
    store, run_id = store_of("first"), document["run_id"]
    record = store.run(run_id)
    assert (record.status, record.message, record.result) == ("finished", "", document)
    assert record.config["kind"] == "run"
    assert record.config["rng_seed"] == 0
    assert record.isolation == document["isolation"]
    assert record.versions["tasks"].keys() == {"dispatch"}
    assert [made.improver for made in store.rounds(run_id)] == [made["improver"] for made in document["rounds"]]
    assert [made.test_mean for made in store.rounds(run_id)] == [made["test"]["mean"] for made in document["rounds"]]
    assert store.program(document["improver"]["sha256"]).source == document["improver"]["source"]
    counts = store.counts(run_id)
    assert counts["evaluations"] == document["evaluations"]
    assert counts["rounds"] == 2
    improvements = store.improvements(run_id)
    assert all(improvement.outcome is not None for improvement in improvements)
    for name in ("calls", "responses", "utility_calls"):
        assert sum(improvement.budget[name] for improvement in improvements) == document["budget"][name]
    assert counts["journal"] >= document["budget"]["calls"] + document["budget"]["utility_calls"]


# ---------------------------------------------------------------- two models


@pytest.fixture
def two_models(whole_run):
    """The document of a run with gp outside and gp-expressions inside."""
    return whole_run("two models", workers=2, inner_model="gp-expressions")


def test_a_run_with_two_models_is_the_same_twice_and_another_than_with_one(whole_run, two_models):
    again = whole_run("two models again", workers=2, inner_model="gp-expressions")
    assert without_times_and_ids(again) == without_times_and_ids(two_models)
    alone = whole_run("first", workers=2)
    assert two_models["seed_improver"] != alone["seed_improver"]


def test_a_run_whose_inner_model_is_its_model_is_that_run(whole_run):
    same, alone = whole_run("same model twice", workers=2, inner_model="gp"), whole_run("first", workers=2)
    names = ("inner_model", "inner_is_language_model", "inner_notice", "settings")
    assert without_times_and_ids({**same, **dict.fromkeys(names)}) == without_times_and_ids(
        {**alone, **dict.fromkeys(names)}
    )


def test_both_models_are_in_the_document_and_each_call_is_recorded_with_its_own(two_models, store_of):
    names = ("model", "is_language_model", "inner_model", "inner_is_language_model")
    assert [two_models[name] for name in names] == ["gp", False, "gp-expressions", False]
    store, run_id = store_of("two models"), two_models["run_id"]
    assert store.run(run_id).config["inner_model"] == "gp-expressions"
    assert store.run(run_id).versions["inner_model"] == "gp-expressions 1"
    task_of = {improvement.id: improvement.task for improvement in store.improvements(run_id)}
    asked = {(task_of[call.improvement_id], call.model) for call in store.model_calls(run_id)}
    assert asked == {("meta", "gp"), ("dispatch", "gp-expressions")}


def test_the_budget_of_improvers_is_what_suits_the_model_outside(whole_run, folder, doubling):
    names = [f"{level}budget_{what}" for level in ("", "meta_") for what in ("calls", "responses", "utility")]
    settings = {**dict.fromkeys(names), "rounds": 0, "test_repeats": 1, "gate_repeats": 1, "fresh_repeats": 1}
    box = f"mailbox:{folder / 'box'}"  # nobody answers, and nobody is asked: there is no round
    document = whole_run("mailbox outside", tasks=[doubling], model=box, inner_model="gp", workers=2, **settings)
    assert document["meta_budget"] == dataclasses.asdict(PAPER_BUDGET)
    assert document["improvement_budget"] == dataclasses.asdict(GeneticProposer.improvement_budget)


def test_the_budget_of_solutions_is_what_suits_the_model_inside(run, engine, scripted_model, doubling):
    class Inner(scripted_model):
        improvement_budget = Budget(calls=7, responses=2, utility_calls=9)

    async def budget_with(inner_model):
        async with engine(inner_model=inner_model) as made:
            settings = checked_settings(RunSettings, rng_seed=0, budget_utility=3)
            purpose = {"n_repeats": 1, "split": "validation", "purpose": ""}
            return (await checked_meta_utility(made, [doubling], settings, **purpose)).budget

    assert run(budget_with(Inner())) == Budget(calls=7, responses=2, utility_calls=3)
    assert run(budget_with(None)) == Budget(calls=4, responses=6, utility_calls=3)


@pytest.mark.parametrize("kind", [ImproveSettings, TransferSettings, CompareSettings])
def test_only_a_run_has_an_inner_model(kind):
    with pytest.raises(ConfigError, match="--inner-model"):
        checked_settings(kind, inner_model="gp")


def test_no_score_stands_for_a_failure(whole_run, store_of, folder, doubling):
    (folder / "breaks.py").write_text(
        "def improve_algorithm(initial_solution, utility, language_model):\n"
        "    return 'def double(numbers): return None'\n"
    )
    settings = {"improver": str(folder / "breaks.py"), "rounds": 0, "workers": 2}
    document = whole_run("breaks", tasks=[doubling], **settings)
    failure = "bad_output: instance 0: the answer has the wrong type: Expected `array`, got `null`"
    assert (document["improver"]["failed"], document["improver"]["commonest_failure"]) == (3, failure)
    assert document["improver"]["test"]["mean"] == document["initial_solution"]["test"]["mean"] == 0.5
    evaluations = store_of("breaks").evaluations(document["run_id"])
    assert {evaluation.outcome for evaluation in evaluations} >= {Outcome.OK, Outcome.BAD_OUTPUT}
    for evaluation in evaluations:
        assert (evaluation.value is not None) == (evaluation.outcome is Outcome.OK)


def test_a_run_without_rounds_measures_the_seed_improver(whole_run, doubling):
    document = whole_run("no rounds", tasks=[doubling], rounds=0, workers=2)
    assert [made["round"] for made in document["rounds"]] == [0]
    assert document["improver"]["source"] == bundled_improver("seed")
    assert document["gain"]["mean"] == 0
    assert document["gain"]["p_value"] == 1
    assert document["verdict"].startswith("Against the seed improver: 3 repeats are too few to tell")


def test_a_run_averages_over_its_tasks_and_marks_the_opaque_ones(whole_run, doubling):
    zeros = "def double(numbers): return [0] * len(numbers)"
    worse = dataclasses.replace(doubling, name="zeros", seed_solution=zeros, is_opaque=True)
    document = whole_run("two tasks", tasks=[doubling, worse], rounds=0, workers=2)
    assert document["task"] == "doubling,zeros"
    assert document["initial_solution"]["test"]["mean"] == 0.25
    assert document["opaque"] == ["zeros"]


def test_an_improver_of_an_earlier_run_is_named_by_its_round(whole_run, store_of):
    document = whole_run("first", workers=2)
    store = store_of("first")
    assert resolve_improver(f"{document['run_id']}:1", store) == document["improver"]["source"]
    assert resolve_improver(f"{document['run_id'][:-1]}:0", store) == bundled_improver("seed")
    with pytest.raises(ConfigError, match=r"has no round 7; it has 0 to 1"):
        resolve_improver(f"{document['run_id']}:7", store)
    with pytest.raises(SelfTaughtError, match="there is no run"):
        resolve_improver("r-1:0", store)
    with pytest.raises(ConfigError, match="there is no improver or file 'sed'; did you mean seed"):
        resolve_improver("sed", store)


# ---------------------------------------------------------------- what goes wrong


def started_run(folder, name, tasks, **settings):
    """The coroutine of a run, and its store."""
    store = Store.open(folder / f"{name}.db", clock=now)
    return run_stop(
        tasks, checked_settings(RunSettings, **{**SMALL, "workers": 2, **settings}), store, Progress()
    ), store


def test_a_task_that_fails_ends_the_run_which_is_recorded_as_failed(run, folder, store_of, doubling):
    broken = dataclasses.replace(doubling, seed_solution="def double(n): return 1 / 0")
    work, store = started_run(folder, "failed", [broken])
    with store, pytest.raises(TaskError, match=r"the seed solution of task doubling fails \(raised\)") as raised:
        run(work)
    [record] = store_of("failed").runs()
    assert (record.status, record.message, record.rounds) == ("failed", str(raised.value), 0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"model": "gpp"}, "there is no model 'gpp'; did you mean gp?"),
        ({"improver": "bestofn"}, "there is no improver or file 'bestofn'; did you mean best_of_n?"),
    ],
)
def test_a_wrong_name_is_refused_before_anything_is_recorded(run, tmp_path, doubling, settings, says):
    work, store = started_run(tmp_path, "none", [doubling], **settings)
    with store:
        with pytest.raises(ConfigError) as raised:
            run(work)
        assert str(raised.value) == says
        assert store.runs() == []


def test_an_isolation_that_is_not_to_be_had_is_refused_before_anything_is_recorded(
    run, tmp_path, doubling, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    work, store = started_run(tmp_path, "none", [doubling], isolation="full")
    with store:
        with pytest.raises(SandboxError, match="bubblewrap"):
            run(work)
        assert store.runs() == []


def descendants() -> set[int]:
    """Every process that came from this one, and still is one."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(path.parent.name)] = int(fields[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


@pytest.mark.parametrize(
    "phase", ["measuring the seed improver", "the improver improves itself", "comparing on fresh repeats"]
)
def test_an_interrupted_run_ends_soon_is_recorded_and_leaves_no_process(run, tmp_path, dispatch, phase):
    before = descendants()
    progress = Progress()
    improvements = []

    async def interrupted(store):
        settings = checked_settings(RunSettings, **{**SMALL, "workers": 2, "rounds": 1})
        working = asyncio.create_task(run_stop([dispatch], settings, store, progress))
        while progress.phase != phase or not descendants() - before:
            await asyncio.sleep(0.002)
            assert not working.done()
        await asyncio.sleep(0.05)
        improvements.append(progress.improvements)
        began = time.monotonic()
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        return time.monotonic() - began

    with Store.open(tmp_path / "interrupted.db", clock=now) as store:
        assert run(interrupted(store)) < INTERRUPT_SECONDS
    assert descendants() - before == set()
    with Store.open(tmp_path / "interrupted.db", read_only=True, clock=now) as store:
        [record] = store.runs()
        assert (record.status, record.message) == ("interrupted", "it was interrupted")
        done = [improvement for improvement in store.improvements(record.run_id) if improvement.outcome is not None]
        assert len(done) >= improvements[0]


# ---------------------------------------------------------------- words


def gain(mean, p_value, low=None, high=None):
    return PairedDifference(mean=mean, low=low or mean - 0.1, high=high or mean + 0.1, p_value=p_value, n=20)


@pytest.mark.parametrize(
    ("measured", "says"),
    [
        (gain(0.25, 0.01), "improved by 0.250 (95 % interval +0.150 to +0.350, p = 0.01, 20 paired repeats)"),
        (gain(-0.25, 0.01), "worse by 0.250 (95 % interval -0.350 to -0.150, p = 0.01, 20 paired repeats)"),
        (gain(0.25, 0.05), "no evidence of improvement (95 % interval +0.150 to +0.350, p = 0.05, 20 paired repeats)"),
        (gain(-0.25, 0.2), "no evidence of improvement (95 % interval -0.350 to -0.150, p = 0.2, 20 paired repeats)"),
    ],
    ids=["better", "worse", "at the line", "not clear"],
)
def test_a_comparison_is_said_in_plain_words(measured, says):
    assert finding(measured) == says


def test_the_verdict_names_both_comparisons():
    said = verdict(gain(0.25, 0.01), gain(0.0, 0.9))
    assert said.startswith("Against the seed improver: improved by 0.250 (")
    assert "). Against best-of-n: no evidence of improvement (" in said


def evaluation_of(*values, outcome=Outcome.OK):
    return MetaEvaluation(
        repeats=tuple(
            Repeat(task="t", initial_value=0.1, value=value, outcome=outcome, message="why") for value in values
        )
    )


def test_a_comparison_pairs_repeat_by_repeat():
    comparison = Comparison(
        seed=evaluation_of(0.1, 0.5, 0.3),
        best_of_n=evaluation_of(0.4, 0.4, 0.4, outcome=Outcome.RAISED),
        improved=evaluation_of(0.2, 0.6, 0.4),
    )
    over_seed = comparison.gain_over("seed")
    assert (over_seed.mean, over_seed.low, over_seed.high) == pytest.approx((0.1, 0.1, 0.1))
    assert (over_seed.p_value, over_seed.n) == (0.25, 3)
    assert comparison.failures("best_of_n") == {"failed": 3, "commonest_failure": "raised: why"}
    assert comparison.failures("improved") == {"failed": 0, "commonest_failure": ""}
    assert comparison.initial().mean == pytest.approx(0.1)


def test_violations_are_listed_once_each_in_an_order_of_their_own():
    violations = [Violation(kind=kind, detail=detail) for kind, detail in ["b1", "a2", "b1", "a1"]]
    assert violations_document(violations) == violations_document(violations[::-1]) == [
        {"kind": "a", "detail": "1", "count": 1},
        {"kind": "a", "detail": "2", "count": 1},
        {"kind": "b", "detail": "1", "count": 2},
    ]  # fmt: skip


def test_every_model_has_a_version_to_record():
    assert recorded_run.find_model_version("gp")
