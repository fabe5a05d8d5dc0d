"""An estimate: the bound holds for what runs really take, and the likely figure is that of a rehearsal."""

from __future__ import annotations

import dataclasses

import pytest

from selftaught.analysis.run_estimate import run_estimate
from selftaught.analysis.run_ledger import Figures, ledger_of
from selftaught.experiment import run_stop
from selftaught.improver import bundled_improver
from selftaught.ledger import spending_from
from selftaught.progress import Progress
from selftaught.settings import RunSettings, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now
from selftaught.task_definition import find_task

SMALL = {
    "rng_seed": 0, "workers": 2, "rounds": 2, "repeats": 1, "gate_repeats": 2, "test_repeats": 2, "fresh_repeats": 2,
    "budget_calls": 3, "budget_responses": 3, "budget_utility": 10, "meta_budget_calls": 2, "meta_budget_responses": 2,
    "meta_budget_utility": 3,
}  # fmt: skip
SEED = bundled_improver("seed")


@pytest.fixture(scope="module")
def dispatch():
    """The bundled task with few instances."""
    return dataclasses.replace(find_task("dispatch"), n_validation=2, n_test=2)


@pytest.fixture(scope="module")
def estimate(run, dispatch):
    """`estimate(...)`: the document of an estimate of a small run."""

    def estimate(*, tasks=None, improver=SEED, n_runs=1, **settings):
        checked = checked_settings(RunSettings, **{**SMALL, **settings})
        return run(run_estimate(tasks or [dispatch], checked, improver, n_runs=n_runs))

    return estimate


@pytest.fixture(scope="module")
def really(run, dispatch, tmp_path_factory):
    """`really(...)`: the document and the ledger of such a run."""
    with Store.open(tmp_path_factory.mktemp("estimate") / "store.db", clock=now) as store:

        def really(**settings):
            checked = checked_settings(RunSettings, **{**SMALL, **settings})
            document = run(run_stop([dispatch], checked, store, Progress()))
            return document, ledger_of(store.run(document["run_id"]), store)

        yield really


@pytest.fixture(scope="module")
def program_writer(registered, priced_model):
    """The model `writer` costs, talks, and makes solutions a little longer, and of an improver another bundled one."""
    talk = "This is how it will get better. " * 30

    def script(message: str, sample: int) -> str:
        program = message.partition("```python\n")[2].partition("\n```")[0]
        if "improve_algorithm" in message:
            program = bundled_improver("temperature")
        return f"{talk}\n\n`````python\n{program}\n# {sample}\n`````\n"

    registered("writer", lambda context: priced_model(context, script))


def by_phase(ledger):
    """What each phase of a run used, over all of its rounds, by the names of an estimate."""
    phases: dict[str, Figures] = {}
    for part in ledger.parts:
        for name, figures in [(phase.name, phase.figures) for phase in part.parts if phase.level == "phase"] or [
            (part.name, part.figures)
        ]:
            phases[name] = phases.get(name, Figures()) + figures
    return phases


COUNTS = ("improvements", "calls", "samples", "uses")


@pytest.mark.parametrize("rng_seed", [0, 1, 2])
def test_no_phase_of_a_run_on_gp_takes_more_than_the_bound(estimate, really, rng_seed):
    said = estimate(rng_seed=rng_seed, accept="always")
    document, ledger = really(rng_seed=rng_seed, accept="always")
    used = by_phase(ledger)
    assert used.keys() == {phase["phase"] for phase in said["phases"]}
    for phase in said["phases"]:
        for count in COUNTS:
            assert getattr(used[phase["phase"]], count) <= phase["at_most"][count], (phase["phase"], count)
    assert document["budget"]["calls"] <= said["at_most"]["calls"]
    assert said["levels"]["outer"]["at_most"]["improvements"] == used["itself"].improvements == 2
    assert 0.2 < said["likely"]["calls"] / document["budget"]["calls"] < 5


def test_without_rounds_the_likely_figure_is_what_is_taken(estimate, really):
    said = estimate(rounds=0)
    document, ledger = really(rounds=0)
    assert [phase["phase"] for phase in said["phases"]] == ["gate", "test", "fresh"]
    assert {count: said["likely"][count] for count in COUNTS[:3]} == {
        "improvements": ledger.figures.improvements,
        "calls": document["budget"]["calls"],
        "samples": document["budget"]["responses"],
    }


def test_tokens_and_money_stay_below_the_bound_too(program_writer, estimate, really):
    settings = {"model": "writer", "accept": "always", "max_output_tokens": 2000}
    said, (document, ledger) = estimate(**settings), really(**settings)
    spent = spending_from(document["spending"])
    assert spent.tokens_in <= said["at_most"]["tokens_in"]
    assert spent.tokens_out <= said["at_most"]["tokens_out"]
    assert 0 < spent.cost_usd <= said["at_most"]["cost_usd"]
    assert 0.2 < said["likely"]["cost_usd"] / spent.cost_usd < 5
    for phase in said["phases"]:
        assert by_phase(ledger)[phase["phase"]].spending.cost_usd <= phase["at_most"]["cost_usd"]
        assert phase["likely"]["cost_usd"] <= phase["at_most"]["cost_usd"]


def test_phases_and_levels_add_up(program_writer, estimate):
    said = estimate(model="writer", n_runs=3)
    assert {level["model"] for level in said["levels"].values()} == {"priced"}
    for which in ("likely", "at_most"):
        for name, amount in said[which].items():
            of_phases = sum(phase[which][name] for phase in said["phases"])
            of_levels = sum(level[which][name] for level in said["levels"].values())
            assert of_phases == pytest.approx(amount, abs=len(said["phases"])), (which, name)
            assert of_levels == pytest.approx(amount, abs=1), (which, name)


def test_with_an_inner_model_only_the_outer_calls_cost(program_writer, estimate, really):
    settings = {"model": "writer", "inner_model": "gp", "accept": "always", "max_output_tokens": 2000}
    said, (document, ledger) = estimate(**settings), really(**settings)
    outer, inner = said["levels"]["outer"], said["levels"]["inner"]
    assert (outer["model"], inner["model"], said["inner_model"]) == ("priced", "gp", "gp")
    assert inner["at_most"]["cost_usd"] is inner["likely"]["tokens_in"] is None
    assert said["at_most"] == {
        **said["at_most"],
        **{name: outer["at_most"][name] for name in ("tokens_in", "cost_usd")},
    }
    assert 0 < document["spending"]["cost_usd"] <= outer["at_most"]["cost_usd"]
    assert 0.2 < outer["likely"]["cost_usd"] / document["spending"]["cost_usd"] < 5
    assert by_phase(ledger)["itself"].spending == spending_from(document["spending"])
    assert not by_phase(ledger)["search"].is_counted


def test_several_runs_take_several_times_as_much(estimate):
    one, three = estimate(rounds=1), estimate(rounds=1, n_runs=3)
    assert three["at_most"]["calls"] == 3 * one["at_most"]["calls"]
    assert three["phases"][0]["rounds"] == 3


def test_the_bound_follows_from_the_budgets(estimate, doubling, dispatch):
    said = estimate(tasks=[doubling, dispatch], rounds=3)
    at_most = {phase["phase"]: phase["at_most"] for phase in said["phases"]}
    n_tasks, t = 2, 3
    improvements = {
        "itself": t,
        "search": t * SMALL["meta_budget_utility"] * SMALL["repeats"] * n_tasks,
        "gate": (1 + 2 * t) * SMALL["gate_repeats"] * n_tasks,
        "test": (1 + t) * SMALL["test_repeats"] * n_tasks,
        "fresh": 3 * SMALL["fresh_repeats"] * n_tasks,
    }
    assert {name: amounts["improvements"] for name, amounts in at_most.items()} == improvements
    for name, amounts in at_most.items():
        calls, responses = (2, 2) if name == "itself" else (3, 3)
        assert amounts["calls"] == improvements[name] * calls
        assert amounts["samples"] == improvements[name] * calls * responses


def test_what_is_not_counted_or_has_no_price_is_not_said_to_be_nothing(registered, priced_model, estimate):
    class Unpriced(priced_model):
        """Nobody knows what it costs."""

        price = None

    registered("unpriced", lambda context: Unpriced(context, lambda message, sample: message))
    on_gp, unpriced = estimate(rounds=0), estimate(model="unpriced", rounds=0, max_cost=2.0, max_seconds=9.0)
    assert {on_gp["likely"][name] for name in ("tokens_in", "tokens_out", "cost_usd")} == {None}
    assert unpriced["likely"]["tokens_out"] > 0
    assert unpriced["at_most"]["cost_usd"] is None
    assert unpriced["stops_at"] == {"cost_usd": 2.0, "tokens": None, "seconds": 9.0}


def test_an_improver_that_fails_in_its_rehearsal_is_told(estimate):
    said = estimate(improver="def improve_algorithm(s, u, m):\n    raise ValueError('no idea')\n", rounds=1)
    assert said["rehearsal_failed"] == "raised: line 2: ValueError: no idea"
    assert estimate(rounds=0)["rehearsal_failed"] is None


def test_a_dearer_answer_makes_a_dearer_run(program_writer, estimate):
    short, long = (estimate(model="writer", rounds=0, max_output_tokens=tokens) for tokens in (100, 8000))
    assert short["likely"]["cost_usd"] < long["likely"]["cost_usd"]
    assert short["at_most"]["tokens_out"] == 100 * short["at_most"]["samples"]
    thinking = estimate(model="writer", rounds=0, max_output_tokens=8000, thinking_tokens=2000)
    assert thinking["likely"]["tokens_out"] == long["likely"]["tokens_out"] + 2000 * long["likely"]["samples"]
