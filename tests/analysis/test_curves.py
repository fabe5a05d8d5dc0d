"""Curves over runs: what aggregates keep, what may be compared, and figures that can always be drawn."""

from __future__ import annotations

import dataclasses
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.analysis.curves import (
    aggregate,
    curves_document,
    difference_finding,
    ending,
    read_curves,
    series_document,
    why_not_comparable,
)
from selftaught.analysis.plots import COLOURS, plot_curves, plot_rounds
from selftaught.errors import ConfigError
from selftaught.settings import RunSettings, checked_settings
from selftaught.statistics import wilson
from selftaught.store import RunStart, Store
from selftaught.store.clock import now

BUDGET = {"calls": 2, "responses": 3, "utility_calls": 8}
ENDINGS = ("accepted", "rejected", "no_proposal")
VALUES = st.floats(-2, 2)


def measured(mean, n=3):
    return {"test": {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "n": n}}


def round_document(number, test, ended, validation=0.25):
    return {
        "round": number,
        "validation": validation,
        **measured(test),
        "accepted": number == 0 or ended == "accepted",
        "proposal_validation": None if number == 0 or ended == "no_proposal" else 0.5,
    }


def run_document(rng_seed, tests, endings=(), *, seed=0.0, improved=0.5, p_value=0.5, model="gp", violations=()):
    """What `run --json` prints, as far as curves read it."""
    endings = [*endings, *["rejected"] * len(tests)]
    return {
        "run_id": f"r-{rng_seed}",
        "task": "doubling",
        "model": model,
        "is_language_model": False,
        "isolation": "full",
        "opaque": [],
        "rng_seed": rng_seed,
        "improvement_budget": BUDGET,
        "meta_budget": BUDGET,
        "rounds": [round_document(number, test, endings[number - 1]) for number, test in enumerate(tests)],
        "initial_solution": measured(0.0),
        "seed_improver": measured(seed),
        "best_of_n": measured(0.25),
        "improver": measured(improved),
        "gain": {"mean": improved - seed, "low": -1, "high": 1, "p_value": p_value, "n": 12},
        "gain_over_best_of_n": {"mean": improved - 0.25, "low": -1, "high": 1, "p_value": p_value, "n": 12},
        "budget": {"calls": 2, "responses": 6, "utility_calls": 7, "seconds": 1.5},
        "evaluations": 9,
        "violations": [{"kind": "budget", "detail": "over", "count": count} for count in violations],
    }


# ---------------------------------------------------------------- one series


runs_of_a_series = st.integers(0, 3).flatmap(
    lambda n_rounds: st.lists(
        st.builds(
            lambda tests, endings, seed, improved, p_value: (tests, endings, seed, improved, p_value),
            st.lists(VALUES, min_size=n_rounds + 1, max_size=n_rounds + 1),
            st.lists(st.sampled_from(ENDINGS), min_size=n_rounds, max_size=n_rounds),
            VALUES,
            VALUES,
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=7,
    )
)


def documents_of(drawn):
    return [
        run_document(rng_seed, tests, endings, seed=seed, improved=improved, p_value=p_value)
        for rng_seed, (tests, endings, seed, improved, p_value) in enumerate(drawn)
    ]


@given(runs_of_a_series)
@settings(max_examples=15, deadline=None)
def test_an_aggregate_is_what_its_runs_come_to(drawn):
    runs = documents_of(drawn)
    together = aggregate(runs)
    assert together["runs_finished"] == len(runs)
    for number, made in enumerate(together["rounds"]):
        values = [run["rounds"][number]["test"]["mean"] for run in runs]
        test = made["test"]
        assert (test["min"], test["max"], test["n"]) == (min(values), max(values), len(runs))
        assert test["mean"] == pytest.approx(fmean(values))
        assert test["min"] - 1e-9 <= test["low"] <= test["high"] <= test["max"] + 1e-9
        assert (test["sd"] is None) == (len(runs) == 1)
        counted = made["accepted"] + made["rejected"] + made["no_proposal"]
        assert counted == (0 if number == 0 else len(runs))
    for key, before in (("gain", "seed_improver"), ("gain_over_best_of_n", "best_of_n")):
        gain = together[key]
        difference = together["improver"]["test"]["mean"] - together[before]["test"]["mean"]
        assert gain["mean"] == pytest.approx(difference, abs=1e-9)
        assert gain["better"] + gain["worse"] + gain["undecided"] == gain["n"] == len(runs)
    assert together["evaluations"] == 9 * len(runs)
    assert together["budget"]["seconds"] == pytest.approx(1.5 * len(runs))


@given(runs_of_a_series, st.randoms(use_true_random=False))
@settings(max_examples=6, deadline=None)
def test_the_order_of_the_runs_changes_no_count_and_no_mean(drawn, rng):
    runs = documents_of(drawn)
    shuffled = rng.sample(runs, len(runs))
    one, other = aggregate(runs), aggregate(shuffled)
    for first, second in zip(one["rounds"], other["rounds"], strict=True):
        assert {name: first[name] for name in ENDINGS} == {name: second[name] for name in ENDINGS}
        assert first["test"]["mean"] == pytest.approx(second["test"]["mean"])
    assert one["gain"]["p_value"] == other["gain"]["p_value"]


def test_runs_are_counted_by_their_own_tests_and_by_the_size_of_their_gain():
    runs = [
        run_document(0, [0], improved=0.5, p_value=0.01),
        run_document(1, [0], improved=-0.5, p_value=0.01),
        run_document(2, [0], improved=0.02, p_value=0.05),
        run_document(3, [0], improved=0.031, p_value=0.9, violations=[3, 4]),
    ]
    together = aggregate(runs)
    gain = together["gain"]
    assert (gain["better"], gain["worse"], gain["undecided"]) == (1, 1, 2)
    low, high = wilson(2, 4)
    assert gain["noteworthy"] == {"at_least": 0.03, "count": 2, "n": 4, "low": low, "high": high}
    assert "run by run: 1 better, 1 worse, 2 undecided" in together["verdict"]
    assert "4 runs are too few to tell" in together["verdict"]
    assert together["tried"] == 7


def test_a_gain_in_every_one_of_six_runs_is_told_from_none():
    together = aggregate([run_document(rng_seed, [0, 1], improved=0.5 + rng_seed / 100) for rng_seed in range(6)])
    assert together["gain"]["p_value"] == 2 / 2**6
    assert together["verdict"].startswith("Against the seed improver: improved by 0.525 (95 % interval ")
    assert "6 paired runs" in together["verdict"]


@pytest.mark.parametrize(
    ("made", "ended"),
    [
        (round_document(0, 0.5, "rejected"), "seed"),
        (round_document(1, 0.5, "accepted"), "accepted"),
        (round_document(1, 0.5, "rejected"), "rejected"),
        (round_document(2, 0.5, "no_proposal"), "no_proposal"),
    ],
)
def test_a_round_ends_in_one_of_four_ways(made, ended):
    assert ending(made) == ended


def test_no_finished_run_is_no_aggregate():
    assert aggregate([]) == {"runs_finished": 0, "rounds": [], "runs": []}


# ---------------------------------------------------------------- recorded series


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "curves.db", clock=now) as opened:
        yield opened


@pytest.fixture
def recorded(store):
    """`recorded("A", documents, ...)`: a series and the runs that made those documents; None for one that failed."""

    def record(name, documents, *, task="doubling", task_sha="t" * 64, isolation="full", **given):
        config = checked_settings(RunSettings, **{"rng_seed": 0, "rounds": 1, **given}).model_dump()
        config = {"tasks": [task], **config}
        versions = {"tasks": {task: task_sha}}

        def start(run_id, **more):
            store.start_run(RunStart(run_id=run_id, config={**config, **more}, versions=versions, isolation=isolation))

        start(name, kind="series", runs=len(documents))
        for rng_seed, document in enumerate(documents):
            run_id = f"{name}-{rng_seed}"
            start(run_id, kind="run", series=name, rng_seed=document["rng_seed"] if document else rng_seed)
            if document is None:
                store.finish_run(run_id, status="failed", message="it broke")
            else:
                store.finish_run(run_id, status="finished", result={**document, "run_id": run_id})
        store.finish_run(name, status="finished")
        return name

    return record


def some_runs(n=3, *, shift=0.0, first=0, n_rounds=1):
    return [
        run_document(rng_seed, [0.1 * rng_seed + shift] * (n_rounds + 1), improved=shift + 0.01 * rng_seed)
        for rng_seed in range(first, first + n)
    ]


def test_a_series_is_read_from_its_runs_whatever_became_of_it(recorded, store):
    recorded("A", [*some_runs(2), None])
    document = series_document(store.run("A"), store)
    assert (document["runs_asked"], document["runs_finished"]) == (3, 2)
    assert document["failures"] == [{"run_id": "A-2", "rng_seed": 2, "message": "it broke"}]
    assert [run["run_id"] for run in document["runs"]] == ["A-0", "A-1"]
    assert (document["accept"], document["repeats"], document["model"]) == ("better", 3, "gp")


def test_a_single_run_is_a_series_of_one(recorded, store):
    recorded("A", some_runs(2))
    [curve] = read_curves(["A-1"], store)
    assert (curve.document["runs_asked"], curve.document["runs_finished"]) == (1, 1)
    assert curve.document["rounds"][0]["test"]["mean"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    "altered",
    [
        {"rounds": []},
        {"rounds": "x"},
        {"rounds": [{}]},
        {"gain": None},
        {"gain": {"mean": 0.1, "low": 0.0, "high": 0.2, "p_value": None, "n": 3}},
        {"improver": {"test": {"mean": "1", "low": 0.0, "high": 1.0, "n": 3}}},
        {"improver": {"test": {"mean": float("nan"), "low": 0.0, "high": 1.0, "n": 3}}},
        {"best_of_n": {"test": {"mean": 1e308, "low": 0.0, "high": 1.0, "n": 3}}},
        {"budget": {}},
        {"rng_seed": "0"},
        {"opaque": "x"},
        {"violations": [1]},
    ],
    ids=repr,
)
def test_a_result_that_was_altered_is_one_sentence(recorded, store, altered):
    recorded("A", [{**some_runs(1)[0], **altered}])
    with pytest.raises(ConfigError, match=f"the result on record for A-0 is not that of a run: {next(iter(altered))}"):
        read_curves(["A"], store)


@pytest.mark.parametrize("result", [{}, [], "x", 3])
def test_a_result_of_another_kind_is_one_sentence(recorded, store, result):
    recorded("A", [None])
    store.finish_run("A-0", status="finished", result=result)
    with pytest.raises(ConfigError, match="the result on record for A-0 is not that of a run: "):
        read_curves(["A-0"], store)


def test_a_figure_of_an_opaque_task_says_so(recorded, store, tmp_path):
    recorded("A", [{**made, "opaque": ["doubling"]} for made in some_runs(2)])
    plot_curves(read_curves("A", store), tmp_path / "a.svg")
    plot_rounds(read_curves(["A-0"], store)[0].document["runs"][0], tmp_path / "one.svg")
    for name in ("a.svg", "one.svg"):
        assert "opaque: scores are claims" in (tmp_path / name).read_text(encoding="utf-8")


def test_what_is_compared_is_named_by_what_tells_it_apart(recorded, store):
    recorded("A", some_runs())
    recorded("B", some_runs(), accept="always")
    recorded("C", some_runs(), model="gp-expressions")
    recorded("D", some_runs(), paper=True, fresh_repeats=12)
    recorded("E", some_runs(), improver="greedy")
    labels = {name: curve.label for name, curve in zip("ABCD", read_curves("ABCD", store), strict=True)}
    assert labels == {
        "A": "gp, accept better", "B": "gp, accept always, B", "C": "gp-expressions, accept better",
        "D": "gp, accept always, D",
    }  # fmt: skip
    assert [curve.label for curve in read_curves("AE", store)] == [
        "gp, accept better, from seed", "gp, accept better, from greedy",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("other", "A is about doubling and other about halving"),
        ("A", "A is named twice"),
        ("none", "none has no rounds to show"),
        ("compared", "it is of the kind 'compare'"),
        ("nothing", "there is no run 'nothing'"),
    ],
)
def test_what_cannot_stand_beside_each_other_is_refused(recorded, store, name, says):
    recorded("A", some_runs())
    recorded("other", some_runs(), task="halving")
    recorded("none", [None])
    store.start_run(RunStart(run_id="compared", config={"kind": "compare", "tasks": ["doubling"]}))
    with pytest.raises(ConfigError, match=says):
        read_curves(["A", name], store)


def test_series_are_paired_by_rng_seed_and_their_p_values_corrected(recorded, store):
    recorded("A", some_runs(7))
    recorded("B", some_runs(7, shift=0.5, first=1), accept="always")
    recorded("C", some_runs(7, shift=0.25), model="gp-expressions")
    document = curves_document(read_curves("ABC", store))
    pairs = {(pair["first"], pair["second"]): pair for pair in document["pairs"]}
    first = pairs["gp, accept better", "gp, accept always"]
    assert (first["rng_seeds"], first["unpaired"], first["reason"]) == ([1, 2, 3, 4, 5, 6], [1, 1], "")
    assert first["last_round"]["mean"] == first["fresh"]["mean"] == pytest.approx(-0.5)
    assert first["last_round"]["p_value"] == 2 / 2**6
    assert first["last_round"]["p_corrected"] == pytest.approx(2 * 2 / 2**6)
    assert difference_finding(first, "fresh").endswith("6 pairs of runs are too few to tell, at least 7 are needed")
    weaker = pairs["gp, accept better", "gp-expressions, accept better"]
    assert difference_finding(weaker, "last_round").endswith("p = 0.047; a real difference")
    recorded("same", some_runs(7), accept="always")
    [equal] = curves_document(read_curves(["A", "same"], store))["pairs"]
    assert difference_finding(equal, "fresh").endswith("p = 1; no evidence of a difference")
    alone = curves_document(read_curves("AB", store))["pairs"]
    assert alone[0]["last_round"]["p_corrected"] == 2 / 2**6
    assert curves_document(read_curves("A", store))["pairs"] == []


def test_series_without_a_common_seed_or_with_other_settings_have_no_difference(recorded, store):
    recorded("A", some_runs(2))
    recorded("B", some_runs(2, first=2), accept="always")
    recorded("C", some_runs(2, n_rounds=2), rounds=2)
    recorded("D", some_runs(2), task_sha="u" * 64)
    for names, reason in (("AB", "no rng seed in common"), ("AC", "--rounds: 1 and 2"), ("AD", "was changed")):
        [pair] = curves_document(read_curves(names, store))["pairs"]
        assert reason in pair["reason"]
        assert (pair["last_round"], pair["fresh"]) == (None, None)
        assert "no difference is given" in difference_finding(pair, "fresh")


@pytest.mark.parametrize(
    ("changed", "flag"),
    [
        ({"improvement_budget": {**BUDGET, "utility_calls": 9}}, "--budget-utility: 8 and 9"),
        ({"meta_budget": {**BUDGET, "calls": 9}}, "--meta-budget-calls: 2 and 9"),
        ({"repeats": 5}, "--repeats: 3 and 5"),
    ],
)
def test_other_budgets_and_repeats_are_named_by_their_flag(recorded, store, changed, flag):
    recorded("A", some_runs())
    [curve] = read_curves("A", store)
    assert why_not_comparable(curve.document, {**curve.document, **changed}) == f"they differ in {flag}"
    assert why_not_comparable(curve.document, {**curve.document, "model": "x", "accept": "always"}) == ""


# ---------------------------------------------------------------- figures


SHAPES = {
    "one run": lambda: some_runs(1),
    "three runs": lambda: some_runs(3),
    "no rounds": lambda: some_runs(3, n_rounds=0),
    "many rounds": lambda: some_runs(2, n_rounds=20),
    "runs that end alike": lambda: [run_document(k, [0.5, 0.5], ENDINGS[k : k + 1]) for k in range(3)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_any_series_can_be_drawn(recorded, store, tmp_path, shape):
    documents = SHAPES[shape]()
    recorded("A", documents, rounds=len(documents[0]["rounds"]) - 1)
    recorded("B", documents, rounds=len(documents[0]["rounds"]) - 1, accept="always")
    path = tmp_path / "figure.png"
    plot_curves(read_curves("AB", store), path)
    assert path.stat().st_size > 5_000
    plot_rounds({**documents[0], "model": "a$b_c$"}, path)
    assert path.stat().st_size > 5_000


def test_the_same_series_make_the_same_figure_and_it_says_what_is_in_it(recorded, store, tmp_path):
    recorded("A", some_runs(), isolation="unsandboxed")
    recorded("B", some_runs(2), model="gp-expressions")
    for name in ("one.svg", "two.svg"):
        plot_curves(read_curves("AB", store), tmp_path / name)
    figures = [(tmp_path / name).read_text() for name in ("one.svg", "two.svg")]
    assert figures[0] == figures[1]
    for said in ("gp-expressions, accept better, not a language model: 2 runs", "doubling, UNSANDBOXED", "n = 3 test"):
        assert f"<!-- {said}" in figures[0] or said in figures[0]


def test_too_many_series_for_one_figure_and_other_formats_are_refused(recorded, store, tmp_path):
    names = [f"s{number}" for number in range(len(COLOURS) + 1)]
    for name in names:
        recorded(name, some_runs(1))
    with pytest.raises(ConfigError, match="draw 7 at most"):
        plot_curves(read_curves(names, store), tmp_path / "figure.svg")
    with pytest.raises(ConfigError, match=r"should end in \.svg, \.pdf, \.png"):
        plot_curves(read_curves(names[:1], store), tmp_path / "figure.gif")


def test_a_curve_is_frozen(recorded, store):
    recorded("A", some_runs())
    [curve] = read_curves("A", store)
    with pytest.raises(dataclasses.FrozenInstanceError):
        curve.label = "another"
