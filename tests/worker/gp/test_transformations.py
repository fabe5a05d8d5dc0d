"""The named transformations: reachable from plain programs, and right in what they do when they are run."""

import ast
import importlib.util
from pathlib import Path
from random import Random

import pytest

from selftaught.worker.gp import propose
from selftaught.worker.gp.pools import accept_worse, pool, share, spread
from selftaught.worker.gp.program import Draft, parse
from selftaught.worker.gp.render import render
from selftaught.worker.gp.roles import roles
from selftaught.worker.gp.schedules import vary_keyword
from selftaught.worker.gp.wraps import cache, change_count, go_on, guard, iterate, keep_better, restart

_spec = importlib.util.spec_from_file_location("gp_test_programs", Path(__file__).parent / "programs.py")
programs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(programs)

IDEAS = {
    "iterate": "terate the step",
    "keep the incumbent": "eep the better",
    "vary the temperature": "ary `temperature`",
    "several parents in one call": "how several parents",
    "guard": "top at the first failure",
    "restart": "estart several times",
    "pool": "eep the best ",
    "share": "pread each turn",
    "accept worse": "worse result now and then",
    "cache": "emember the values",
    "count": "un a loop",
    "go on": "o on from the",
}


@pytest.mark.parametrize("name", IDEAS)
def test_each_idea_is_reached_from_a_plain_improver(name):
    source = edited(programs.IMPROVER, "improve", restart, rng_seed=1) if name == "go on" else programs.IMPROVER
    answers = propose(programs.prompt(source), 150, 0.7, Random(0))
    assert any(IDEAS[name] in answer.split("\n")[0] for answer in answers)


@pytest.mark.parametrize("name", ["iterate", "keep the incumbent", "guard", "restart", "pool", "accept worse", "cache"])
def test_ideas_are_reached_from_an_unrelated_minimiser(name):
    answers = propose(programs.prompt(programs.MINIMISER), 150, 0.7, Random(0))
    assert any(IDEAS[name] in answer.split("\n")[0] for answer in answers)


def test_a_rule_is_not_wrapped():
    answers = propose(programs.prompt(programs.RULE), 100, 0.7, Random(0))
    assert not any("range(" in answer for answer in answers)


def edited(source, entry, *edits, rng_seed=0):
    """The program that follows when the edits are made one after another."""
    draft, rng = Draft(parse(source), entry), Random(rng_seed)
    for edit in edits:
        assert edit(draft, rng) is not None
    return render(draft.tree)


def solver(source):
    scope = {}
    exec(source, scope)
    return scope["solve"]


def cost(x):
    return abs(x - 10)


@pytest.mark.parametrize(
    ("source", "judge", "highest"),
    [
        (programs.IMPROVER, "judge", True),
        (programs.MINIMISER, "cost", False),
        (programs.REFINE, "", True),
        ("def refine(x, f):\n    y = x + 1\n    return y if f(y) < f(x) else x", "f", False),
        ("def refine(x, f):\n    y = x + 1\n    return y if f(y) > f(x) else x", "f", True),
    ],
    ids=["key of max", "key of min", "no judge", "compared below", "compared above"],
)
def test_judge_and_direction_are_guessed(source, judge, highest):
    tree = parse(source)
    found = roles(Draft(tree, tree.body[-1].name))
    assert (found.judge if found else "") == judge
    assert found is None or found.highest == highest


def test_iteration_with_the_better_kept_climbs_and_never_gets_worse():
    solve = solver(edited(programs.MINIMISER, "solve", iterate, keep_better))
    values = iter([4, 99, 7, 99, 9, 99] + [50] * 500)
    assert cost(solve(0, cost, lambda start, spread: next(values))) <= 6


def test_plain_iteration_can_lose_what_it_had():
    solve = solver(edited(programs.MINIMISER, "solve", iterate))
    assert solve(10, cost, lambda start, spread: start + 1) > 10


@pytest.mark.parametrize("edits", [(iterate, keep_better, guard), (pool, guard), (accept_worse, guard), (share, guard)])
def test_a_guarded_loop_returns_what_it_has_when_a_budget_runs_out(edits):
    left = [7]

    def sampler(start, spread):
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("used up")
        return start + 1

    for rng_seed in range(20):
        left[0] = 7
        solve = solver(edited(programs.MINIMISER, "solve", *edits, rng_seed=rng_seed))
        assert cost(solve(0, cost, sampler)) < 10


def test_a_program_without_a_loop_is_guarded_as_a_whole():
    solve = solver(edited(programs.MINIMISER, "solve", guard))
    assert solve(3, cost, lambda start, spread: 1 / 0) == 3


def test_restarts_return_the_best():
    for rng_seed in range(10):
        values = iter(range(1000))
        solve = solver(edited(programs.MINIMISER, "solve", restart, rng_seed=rng_seed))
        assert cost(solve(0, cost, lambda start, spread, values=values: next(values))) < 10


def test_restarts_can_be_made_to_go_on():
    for rng_seed in range(20):
        solve = solver(edited(programs.MINIMISER, "solve", restart, rng_seed=rng_seed))
        assert solve(0, cost, lambda start, spread: start + 1) <= 1
    changed = 0
    for rng_seed in range(20):
        draft, rng = Draft(parse(programs.MINIMISER), "solve"), Random(rng_seed)
        restart(draft, rng)
        if go_on(draft, rng):
            changed += 1
            assert solver(render(draft.tree))(0, cost, lambda start, spread: start + 1) >= 2
    assert changed > 5


def test_a_keyword_varies_over_a_loop():
    ranges = []
    for rng_seed in range(10):
        seen = []

        def sampler(start, spread, seen=seen):
            seen.append(spread)
            return start

        solver(edited(programs.MINIMISER, "solve", iterate, vary_keyword, rng_seed=rng_seed))(0, cost, sampler)
        ranges.append(len(set(seen)))
    assert max(ranges) >= 3
    assert min(ranges) >= 2


def test_the_pool_returns_the_best_of_it():
    for rng_seed in range(10):
        solve = solver(edited(programs.MINIMISER, "solve", pool, rng_seed=rng_seed))
        assert cost(solve(0, cost, lambda start, spread: start + 1)) < 10


def test_the_cache_asks_once_about_each_thing():
    asked = []

    def counted(x):
        asked.append(x)
        return cost(x)

    solver(edited(programs.MINIMISER, "solve", cache))(0, counted, lambda start, spread: 5)
    assert asked == [5]


def test_counts_change():
    source = edited(programs.MINIMISER, "solve", change_count)
    assert "range(3)" not in source


def test_spread_shows_earlier_results_in_fences_of_their_own():
    prompts = []

    class Judge:
        str = "a description"
        budget = 100

        def __call__(self, text):
            return len(text)

    class Model:
        max_responses_per_call = 3

        def prompt(self, expertise, message, n_responses, temperature):
            prompts.append(message)
            return [f"program {len(prompts)}.{number}" for number in range(n_responses)]

    source = edited(programs.IMPROVER, "improve", iterate, keep_better, spread)
    scope = {}
    exec(source.replace("from helpers import extract_code", "extract_code = list"), scope)
    scope["improve"]("the first", Judge(), Model())
    assert prompts[0].count("```python") == 2
    assert prompts[-1].count("```python") >= 3
    assert "program 1" in prompts[-1]


@pytest.mark.parametrize("edits", [(iterate, keep_better), (pool,), (restart,), (cache,), (accept_worse,)])
def test_names_that_are_taken_are_not_used_again(edits):
    source = programs.MINIMISER.replace("start", "current").replace("_ in", "pool in").replace("sampler", "value")
    made = edited(source, "solve", *edits)
    assert solver(made)(0, cost, lambda current, spread: current + 1) is not None


@pytest.mark.parametrize(
    "edit", [iterate, restart, keep_better, guard, pool, spread, share, cache, vary_keyword, go_on]
)
def test_an_edit_that_does_not_apply_leaves_the_program_alone(edit):
    tree = parse("def f(x):\n    return x * 2")
    before = ast.dump(tree)
    assert edit(Draft(tree, "f"), Random(0)) is None
    assert ast.dump(tree) == before


def test_keyword_only_and_starred_parameters_are_passed_on():
    source = "def solve(start, cost, *more, scale=2, **options):\n    return min([start, start + scale], key=cost)"
    assert cost(solver(edited(source, "solve", iterate))(0, cost, 1, scale=3, other=4)) < 10
