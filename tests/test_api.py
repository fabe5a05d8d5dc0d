"""What `import selftaught` offers: the same as the command line, without asynchrony."""

from __future__ import annotations

import asyncio
import dataclasses
import sys

import pytest

import selftaught as st
from selftaught.store import Store
from selftaught.store.clock import now

SMALL = {
    "rounds": 0, "repeats": 1, "gate_repeats": 1, "test_repeats": 2, "fresh_repeats": 2, "budget_calls": 1,
    "budget_responses": 2, "budget_utility": 4, "workers": 2,
}  # fmt: skip
PERFECT = "def double(numbers): return [2 * number for number in numbers]"


@pytest.fixture(scope="module")
def run_of(tmp_path_factory, doubling):
    """A small run, its store and the lines that were told of it."""
    store, told = tmp_path_factory.mktemp("api") / "runs.db", []
    return st.stop(doubling, store=store, on_step=told.append, **SMALL), store, told


def test_a_run_is_had_by_one_call(run_of):
    run, _, told = run_of
    assert run.run_id == run.document["run_id"]
    assert [made["round"] for made in run.rounds] == [0]
    assert set(run.gain) == {"mean", "low", "high", "p_value", "n"}
    assert run.improver.source == run.document["improver"]["source"]
    assert run.improver.sha256 == run.document["improver"]["sha256"]
    assert str(run) == f"{run.run_id}: {run.document['verdict']}"
    assert [line.split(":")[0] for line in told] == [
        "round 0 of 0", "comparing seed, best-of-n and improved improver on fresh repeats",
    ]  # fmt: skip


def test_a_series_of_runs_is_had_by_one_call(tmp_path, doubling):
    told = []
    series = st.series(doubling, runs=2, store=tmp_path / "series.db", on_step=told.append, rng_seed=3, **SMALL)
    assert [run.document["rng_seed"] for run in series.runs] == [3, 4]
    assert series.runs[0].improver.source == series.document["runs"][0]["improver"]["source"]
    assert [made["test"]["n"] for made in series.rounds] == [2]
    assert (series.run_id, series.failures) == (series.document["run_id"], [])
    assert str(series) == f"{series.run_id}: {series.document['verdict']}"
    assert len(repr(series)) < 200
    assert [line for line in told if line.startswith("run ")] == ["run 1 of 2, rng-seed 3", "run 2 of 2, rng-seed 4"]
    with pytest.raises(st.ConfigError, match="a series needs 1 run or more, not 0"):
        st.series(doubling, runs=0, store=tmp_path / "series.db", **SMALL)


def test_without_isolation_whatever_is_shown_of_a_result_says_so(tmp_path, doubling):
    small = {"store": tmp_path / "runs.db", "unsafe_no_isolation": True, **SMALL}
    with pytest.warns(UserWarning, match="without isolation"):
        run, series = st.stop(doubling, **small), st.series(doubling, runs=1, **small)
    assert str(run) == f"{run.run_id}: {run.document['verdict']} UNSANDBOXED: programs ran with your rights."
    assert str(series.runs[0]).endswith(" UNSANDBOXED: programs ran with your rights.")
    assert str(series).endswith(" UNSANDBOXED: programs ran with your rights.")
    settings = {"store": tmp_path / "runs.db", "fresh_repeats": 2, "budget_calls": 1, "workers": 1}
    with pytest.warns(UserWarning, match="without isolation"):
        transfer = st.transfer("seed", tasks=[doubling], unsafe_no_isolation=True, **settings)
    assert [row["isolation"] for row in transfer.rows()] == ["unsandboxed"]


def test_what_comes_back_of_a_run_cannot_change_it(run_of):
    run, _, _ = run_of
    run.rounds.clear()
    run.gain.clear()
    assert run.rounds
    assert run.gain
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.document = {}


def test_representations_are_short(run_of):
    run, _, _ = run_of
    assert len(repr(run)) < 200
    assert len(repr(run.improver)) < 200


@pytest.mark.parametrize("named", ["object", "run", "round"])
def test_an_improver_of_a_run_is_transferred(run_of, doubling, named):
    run, store, _ = run_of
    improver = {"object": run.improver, "run": run.run_id, "round": f"{run.run_id}:0"}[named]
    transfer = st.transfer(improver, tasks=[doubling], store=store, fresh_repeats=2, budget_calls=1, workers=2)
    [row] = transfer.rows()
    assert (row["task"], row["initial"]) == ("doubling", 0.5)
    assert row["isolation"] == run.document["isolation"] != "unsandboxed"
    assert row["improver"] == row["seed_improver"]
    assert (row["gain_mean"], row["gain_n"]) == (0, 2)
    assert transfer.document["improver"]["source"] == run.improver.source


def test_an_evaluation_is_had_by_one_call_also_where_a_loop_runs_already(doubling):
    async def in_a_notebook():
        return st.evaluate(doubling, PERFECT, split="validation", workers=1)

    document = asyncio.run(in_a_notebook())
    assert (document["outcome"], document["value"], document["split"]) == ("ok", 1.0, "validation")


def test_an_improvement_is_had_by_one_call(doubling, tmp_path):
    document = st.improve(
        doubling,
        store=tmp_path / "runs.db",
        workers=1,
        budget_calls=1,
        budget_responses=2,
        budget_utility=3,
        improver="best_of_n",
    )
    assert document["value_before"] == 0.5
    assert document["budget"]["calls"] == 1
    assert document["outcome"] == "ok"


def test_a_task_of_one_s_own_is_run_like_any_other(tmp_path):
    @st.task(seed_solution="def f(x):\n    return 0.0\n", entry="f", n_validation=2, n_test=2)
    def near(f, rng):
        """Come near to three times the argument."""
        x = rng.random()
        return -abs(f(x) - 3 * x)

    document = st.evaluate(near, "def f(x):\n    return 3 * x\n", workers=1)
    assert (document["value"], document["opaque"]) == (0.0, True)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda path: st.stop("dispach", store=path),
            "there is no task or task folder 'dispach'; did you mean dispatch?",
        ),
        (
            lambda path: st.stop("dispatch", store=path, rounds=-1),
            "--rounds: input should be greater than or equal to 0, not -1",
        ),
        (lambda path: st.improve("nothing at all", store=path), "there is no task or task folder 'nothing at all'"),
        (lambda path: st.evaluate("dispatch", "x", budget=5), "--budget: extra inputs are not permitted"),
        (lambda path: st.evaluate("dispatch", "x", split="tset"), "there is no split 'tset'; did you mean test?"),
        (lambda path: st.transfer("seed", tasks=[], store=path), "name at least one task"),
    ],
    ids=["task", "setting", "no task", "unknown setting", "split", "no tasks"],
)
def test_a_wrong_call_is_refused_before_a_store_is_made(tmp_path, call, says):
    path = tmp_path / "runs.db"
    with pytest.raises(st.ConfigError) as raised:
        call(path)
    assert str(raised.value).startswith(says)
    assert not path.exists()


def test_a_frame_needs_polars_or_is_made_with_it(monkeypatch):
    transfer = st.Transfer(document={"tasks": []})
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(st.ConfigError, match=r"install selftaught\[tables\]"):
        transfer.to_frame()


def test_a_run_on_a_task_made_in_python_is_replayed_and_resumed_from_python(run_of, tmp_path, doubling):
    run, store, _ = run_of
    told = []
    again = st.replay(run, tasks=doubling, store=store, on_step=told.append, workers=1)
    assert again["same"], again["differences"]
    assert len(told) == 2
    with pytest.raises(st.ConfigError, match="is not bundled and no folder is on record for it"):
        st.replay(run.run_id, store=store)
    with pytest.raises(st.ConfigError, match="is finished, there is nothing to go on with"):
        st.resume(run.run_id, tasks=doubling, store=store)
    with pytest.raises(st.ConfigError, match="--rounds: extra inputs are not permitted"):
        st.resume(run.run_id, tasks=doubling, store=store, rounds=3)

    bounded = {"store": tmp_path / "bounded.db", "rng_seed": run.document["rng_seed"], **SMALL}
    with pytest.raises(st.SelfTaughtError, match="--max-seconds"):
        st.stop(doubling, max_seconds=0.05, **bounded)
    with Store.open(tmp_path / "bounded.db", clock=now) as records:
        [interrupted] = records.runs()
    assert interrupted.status == "interrupted"
    resumed = st.resume(interrupted.run_id, tasks=[doubling], store=tmp_path / "bounded.db", max_seconds=600)
    assert isinstance(resumed, st.Run)
    assert resumed.run_id == interrupted.run_id
    assert resumed.rounds == run.rounds
