"""The paper's loop: each improver works on its own source, and what is better, or anything, takes its place."""

from __future__ import annotations

import pytest

from selftaught.budget import Budget
from selftaught.errors import Outcome
from selftaught.meta_utility import MetaUtility
from selftaught.recursion import Round, SelfTaughtOptimizer

BUDGET = Budget(calls=2, responses=3, utility_calls=8)
META_BUDGET = Budget(calls=1, responses=2, utility_calls=5)


def improver_that(makes: float, proposes: str) -> str:
    """The source of an improver that makes solutions worth `makes`, and of an improver what the expression says."""
    return (
        "def improve_algorithm(initial_solution, utility, language_model):\n"
        "    if 'improve_algorithm' in initial_solution:\n"
        f"        return {proposes}\n"
        f"    return 'def double(numbers): return [{2 * makes} * number for number in numbers]'\n"
    )


PERFECT = improver_that(1.0, "initial_solution")
GOOD = improver_that(0.75, "initial_solution")
WORSE = improver_that(0.25, "initial_solution")
BROKEN = "def improve_algorithm(initial_solution, utility, language_model):\n    raise ValueError('no idea')\n"


@pytest.fixture
def recursion(run, engine, doubling):
    """`recursion(seed_improver, ...)`: every round, round 0 first."""

    def recursion(
        seed_improver, *, n_rounds=1, accept="better", recorder=None, model=None, inner_model=None
    ) -> list[Round]:
        async def rounds():
            async with engine(recorder=recorder, model=model, inner_model=inner_model) as made:
                meta_utility = MetaUtility(
                    engine=made, utilities=await made.utilities([doubling]), budget=BUDGET, n_repeats=2,
                    split="validation", purpose="",
                )  # fmt: skip
                optimizer = SelfTaughtOptimizer(
                    engine=made, meta_utility=meta_utility, budget=META_BUDGET, n_rounds=n_rounds, accept=accept,
                    n_gate_repeats=3,
                )  # fmt: skip
                return [made_round async for made_round in optimizer.rounds(seed_improver)]

        return run(rounds())

    return recursion


def test_round_0_is_the_seed_improver_as_it_was_given(recursion):
    [round_0] = recursion(GOOD, n_rounds=0)
    assert (round_0.number, round_0.improver, round_0.accepted) == (0, GOOD, True)
    assert round_0.validation.values == [0.75] * 3
    assert (round_0.parent, round_0.improvement, round_0.proposal_validation, round_0.parent_validation) == (None,) * 4


@pytest.mark.parametrize("accept", ["better", "always"])
def test_a_better_proposal_becomes_the_improver(recursion, accept):
    seed = improver_that(0.5, repr(GOOD))
    _, round_1 = recursion(seed, accept=accept)
    assert (round_1.improver, round_1.parent, round_1.accepted) == (GOOD, seed, True)
    assert round_1.improvement.solution == GOOD
    assert (round_1.parent_validation.mean, round_1.proposal_validation.mean) == (0.5, 0.75)
    assert round_1.validation is round_1.proposal_validation


@pytest.mark.parametrize("proposal", [WORSE, improver_that(0.5, "None"), BROKEN], ids=["worse", "as good", "broken"])
def test_a_proposal_that_is_not_better_is_rejected_and_the_parent_stays(recursion, proposal):
    seed = improver_that(0.5, repr(proposal))
    _, round_1, round_2 = recursion(seed, n_rounds=2)
    assert (round_1.improver, round_1.parent, round_1.accepted) == (seed, seed, False)
    assert round_1.validation is round_1.parent_validation
    assert round_1.proposal_validation.n_failed == (3 if proposal is BROKEN else 0)
    assert round_2.parent == seed


@pytest.mark.parametrize("proposal", [WORSE, BROKEN], ids=["worse", "broken"])
def test_the_paper_s_rule_takes_a_worse_proposal_too(recursion, proposal):
    seed = improver_that(0.5, repr(proposal))
    _, round_1 = recursion(seed, accept="always")
    assert (round_1.improver, round_1.accepted) == (proposal, True)
    assert round_1.validation.mean == (0.25 if proposal is WORSE else 0.5)


@pytest.mark.parametrize("accept", ["better", "always"])
@pytest.mark.parametrize(
    ("proposes", "outcome"),
    [
        ("None", Outcome.BAD_OUTPUT),
        ("1 / 0", Outcome.RAISED),
        ("''", Outcome.BAD_OUTPUT),
        ("__import__('os')._exit(1)", Outcome.EXITED),
    ],
)
def test_where_an_improver_fails_on_itself_it_stays(recursion, proposes, outcome, accept):
    seed = improver_that(0.5, proposes)
    _, round_1 = recursion(seed, accept=accept)
    assert (round_1.improver, round_1.accepted, round_1.proposal_validation) == (seed, False, None)
    assert round_1.improvement.outcome is outcome
    assert round_1.validation is round_1.parent_validation


def test_an_improver_that_proposes_itself_stays_and_is_measured_once(recursion, recorder):
    _, round_1 = recursion(GOOD, accept="always", recorder=recorder)
    assert (round_1.improver, round_1.accepted, round_1.proposal_validation) == (GOOD, False, None)
    scopes = [started.scope for started in recorder.started]
    assert scopes.count("round-1/gate/doubling/repeat-0") == 1


def test_each_improver_does_the_work_of_the_next_round(recursion, recorder):
    second = improver_that(0.5, repr(PERFECT))
    seed = improver_that(0.25, repr(second))
    rounds = recursion(seed, n_rounds=3, recorder=recorder)
    assert [made.improver for made in rounds] == [seed, second, PERFECT, PERFECT]
    assert [made.validation.mean for made in rounds] == [0.25, 0.5, 1.0, 1.0]
    on_themselves = [started for started in recorder.started if started.task == "meta"]
    assert [started.scope for started in on_themselves] == ["round-1", "round-2", "round-3"]
    for started, before in zip(on_themselves, rounds, strict=False):
        assert started.improver == started.initial_solution == before.improver
        assert started.budget == META_BUDGET


def test_the_utility_of_an_improver_is_the_meta_utility_on_draws_of_the_round(recursion, recorder):
    asks = improver_that(0.5, f"repr((utility({PERFECT!r}), utility({BROKEN!r}), utility.str.count('N_REPEATS = 2')))")
    _, round_1 = recursion(asks, recorder=recorder)
    assert round_1.improvement.solution == "(1.0, -inf, 1)"
    searched = {started.scope for started in recorder.started if started.improver == PERFECT}
    assert searched == {"round-1/search/doubling/repeat-0", "round-1/search/doubling/repeat-1"}


def test_what_decides_is_measured_on_draws_that_the_search_never_saw(recursion, recorder):
    peeks = improver_that(0.5, f"max([{GOOD!r}, {WORSE!r}], key=utility)")
    recursion(peeks, recorder=recorder)
    keys = {purpose: set() for purpose in ("search", "gate")}
    for draw, _, _ in recorder.evaluations:
        if draw.key.startswith("round-1/"):
            keys[draw.key.split("/")[1]].add(draw.key)
    assert len(keys["search"]) == 2
    assert len(keys["gate"]) == 3
    assert keys["search"].isdisjoint(keys["gate"])


def test_a_proposal_and_its_parent_are_compared_on_the_same_draws(recursion, recorder):
    recursion(improver_that(0.5, repr(GOOD)), recorder=recorder)
    gate = [started for started in recorder.started if started.scope.startswith("round-1/gate/")]
    scopes = {
        improver: sorted(s.scope for s in gate if s.improver == improver) for improver in {s.improver for s in gate}
    }
    assert len(scopes) == 2
    assert len({tuple(names) for names in scopes.values()}) == 1


def asking(makes: float) -> str:
    """The source of an improver that asks the model for an improver, and for solutions that are worth `makes`."""
    return (
        "def improve_algorithm(initial_solution, utility, language_model):\n"
        "    [answer] = language_model.prompt('You write Python.', initial_solution)\n"
        "    if 'improve_algorithm' in initial_solution:\n"
        "        utility(answer)\n"
        "        return answer\n"
        f"    return 'def double(numbers): return [{2 * makes} * number for number in numbers]'\n"
    )


def test_the_model_rewrites_improvers_and_the_inner_model_answers_them(recursion, recorder, scripted_model, doubling):
    outer, inner = scripted_model(lambda message, sample: asking(0.75)), scripted_model()
    _, round_1, _ = recursion(asking(0.5), n_rounds=2, recorder=recorder, model=outer, inner_model=inner)
    assert (round_1.improver, round_1.accepted) == (asking(0.75), True)
    assert [request.scope for request in outer.asked] == ["round-1", "round-2"]
    assert [request.messages for request in outer.asked] == [(asking(0.5),), (asking(0.75),)]
    assert {request.messages for request in inner.asked} == {
        ("def double(numbers):\n    return [number for number in numbers]\n",)
    }
    purposes = {request.scope.partition("/doubling/")[0] for request in inner.asked}
    assert purposes == {"round-0/gate", "round-1/search", "round-1/gate", "round-2/search", "round-2/gate"}
    assert len(outer.asked) + len(inner.asked) == len(recorder.calls)


def test_without_an_inner_model_the_model_answers_everything(recursion, recorder, scripted_model):
    model = scripted_model(lambda message, sample: asking(0.75))
    recursion(asking(0.5), recorder=recorder, model=model)
    assert {request.scope.partition("/")[0] for request in model.asked} == {"round-0", "round-1"}
    assert len(model.asked) == len(recorder.calls)
