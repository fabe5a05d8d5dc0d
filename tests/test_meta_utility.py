"""The meta-utility: what an improver is worth, by the solutions that it makes."""

from __future__ import annotations

import dataclasses

import pytest

from selftaught.budget import Budget
from selftaught.errors import Outcome, TaskError
from selftaught.improver import bundled_improver
from selftaught.meta_utility import MetaEvaluation, MetaUtility, Repeat
from selftaught.models import ModelContext, find_model
from selftaught.sandbox import Sandbox, SandboxConfig
from selftaught.task_definition import find_task

BUDGET = Budget(calls=2, responses=3, utility_calls=8)
HEAD = "def improve_algorithm(initial_solution, utility, language_model):\n"
KEEPS = HEAD + "    return initial_solution\n"
PERFECT = HEAD + "    return 'def double(numbers): return [2 * number for number in numbers]'\n"
WORTHLESS = HEAD + "    return 'def double(numbers): return [0 for number in numbers]'\n"
FAILS = HEAD + "    raise ValueError('no idea')\n"
MAKES_BROKEN = HEAD + "    return 'def double(numbers): return 5'\n"
SOMETIMES = HEAD + "    import random\n    if random.random() < 0.5:\n    " + PERFECT.removeprefix(HEAD)
"""Makes a perfect solution, or returns None."""


@pytest.fixture
def meta(run, engine, doubling):
    """`meta(improver, ...)`: what the meta-utility finds of an improver, on `doubling` unless other tasks are given."""

    def meta(
        improver,
        *,
        tasks=(doubling,),
        n_repeats=3,
        purpose="a test",
        model=None,
        recorder=None,
        rng_seed=0,
        split="validation",
    ):
        async def evaluate():
            async with engine(model=model, recorder=recorder, rng_seed=rng_seed) as made:
                utilities = await made.utilities(tasks)
                meta_utility = MetaUtility(
                    engine=made, utilities=utilities, budget=BUDGET, n_repeats=n_repeats, split=split, purpose=purpose
                )
                return await meta_utility.evaluate(improver)

        return run(evaluate())

    return meta


@pytest.mark.parametrize(
    ("improver", "value"), [(KEEPS, 0.5), (PERFECT, 1.0), (WORTHLESS, 0.0)], ids=["keeps", "perfect", "worthless"]
)
def test_an_improver_is_worth_what_it_makes(meta, improver, value):
    evaluation = meta(improver)
    assert evaluation.value == evaluation.mean == value
    assert evaluation.values == [value] * 3
    assert evaluation.initial_values == [0.5] * 3
    assert (evaluation.n_failed, evaluation.commonest_failure) == (0, "")


@pytest.mark.parametrize(
    ("improver", "failure"),
    [
        (FAILS, "raised: line 2: ValueError: no idea"),
        (MAKES_BROKEN, "bad_output: instance 0: the answer has the wrong type: Expected `array`, got `int`"),
        ("", "invalid_source: it is empty"),
    ],
    ids=["improver fails", "solution fails", "no improver"],
)
def test_where_all_fails_there_is_no_value_and_the_seed_solution_is_what_is_left(meta, improver, failure):
    evaluation = meta(improver)
    assert evaluation.value is None
    assert evaluation.values == [0.5] * 3
    assert (evaluation.n_failed, evaluation.commonest_failure) == (3, failure)


def test_a_failed_improvement_is_counted_and_worth_the_seed_solution(meta):
    often = meta(SOMETIMES, n_repeats=12)
    failed = [repeat for repeat in often.repeats if repeat.outcome is not Outcome.OK]
    assert 0 < len(failed) < 12
    assert {repeat.value for repeat in failed} == {0.5}
    assert {repeat.value for repeat in often.repeats if repeat.outcome is Outcome.OK} == {1.0}
    assert often.n_failed == len(failed)
    assert often.commonest_failure == "bad_output: it returned NoneType instead of a string"
    assert often.value == pytest.approx((0.5 * len(failed) + 1.0 * (12 - len(failed))) / 12)


def test_repeats_differ_in_their_instances_and_random_numbers_and_improvers_share_them(meta, recorder):
    meta(KEEPS, recorder=recorder, n_repeats=2)
    meta(PERFECT, recorder=recorder, n_repeats=2)
    draws = [draw for draw, _, _ in recorder.evaluations]
    keys = ["a test/doubling/repeat-0", "a test/doubling/repeat-1"]
    assert {draw.key for draw in draws[:2]} == {draw.key for draw in draws[2:]} == set(keys)
    assert {(draw.split, draw.rng_seed) for draw in draws} == {("validation", 0)}


def test_another_purpose_draws_anew(meta):
    first, again, other = (
        [repeat.outcome for repeat in meta(SOMETIMES, n_repeats=12, purpose=purpose).repeats]
        for purpose in ("search", "search", "gate")
    )
    assert first == again != other


def test_the_same_meta_utility_serves_other_purposes(run, engine, doubling):
    async def scenario():
        async with engine() as made:
            search = MetaUtility(
                engine=made, utilities=await made.utilities([doubling]), budget=BUDGET, n_repeats=2,
                split="validation", purpose="search",
            )  # fmt: skip
            test = search.for_purpose("test", n_repeats=5, split="test")
            assert test == dataclasses.replace(search, purpose="test", n_repeats=5, split="test")
            assert search.for_purpose("gate") == dataclasses.replace(search, purpose="gate")

    run(scenario())


def test_an_improver_sees_validation_whatever_it_is_valued_on(meta, recorder):
    evaluation = meta(
        HEAD + "    utility(initial_solution)\n    return initial_solution + '# new'\n",
        recorder=recorder,
        n_repeats=1,
        split="test",
    )
    assert evaluation.value == 0.5
    splits = [(draw.split, solution.endswith("# new")) for draw, solution, _ in recorder.evaluations]
    assert splits == [("validation", False), ("test", False), ("test", True)]


def test_several_tasks_are_averaged_repeat_by_repeat(meta, doubling):
    other = dataclasses.replace(doubling, name="other", seed_solution="def double(numbers): return [0] * len(numbers)")
    evaluation = meta(KEEPS, tasks=(doubling, other), n_repeats=2)
    assert [repeat.task for repeat in evaluation.repeats] == ["doubling", "other"] * 2
    assert [repeat.value for repeat in evaluation.repeats] == [0.5, 0.0] * 2
    assert evaluation.values == evaluation.initial_values == [0.25, 0.25]
    assert evaluation.value == 0.25


def test_one_task_that_comes_to_something_is_enough_for_a_value():
    failed = Repeat(task="a", initial_value=0.5, value=0.5, outcome=Outcome.RAISED, message="why")
    done = Repeat(task="b", initial_value=0.0, value=1.0, outcome=Outcome.OK)
    evaluation = MetaEvaluation(repeats=(failed, done))
    assert (evaluation.value, evaluation.values, evaluation.n_failed) == (0.75, [0.75], 1)
    assert evaluation.commonest_failure == "raised: why"


def test_a_seed_solution_that_fails_on_a_draw_is_the_task_s_failure(meta, doubling):
    with pytest.raises(TaskError, match=r"the seed solution of task doubling fails \(raised\)"):
        meta(KEEPS, tasks=(dataclasses.replace(doubling, seed_solution="def double(n): return 1 / 0"),))


def test_it_is_itself_a_utility_of_improvers(run, engine, doubling):
    async def scenario():
        async with engine() as made:
            utilities = await made.utilities([doubling])
            meta_utility = MetaUtility(
                engine=made, utilities=utilities, budget=BUDGET, n_repeats=2, split="validation", purpose="search"
            )
            values = [await meta_utility.value(improver) for improver in (PERFECT, FAILS)]
            return values, meta_utility.description

    values, description = run(scenario())
    assert values == [1.0, None]
    for said in ("TASKS = ['doubling']", "N_REPEATS = 2", "language_model.budget = 2 ",
                 "language_model.max_responses_per_call = 3", "utility.budget = 8 ", "IMPROVER_CPU_SECONDS = 30",
                 "improve_algorithm(initial_solution, utility, language_model)",
                 "async def evaluate(", "async def improve_and_value("):  # fmt: skip
        assert said in description


def test_values_are_the_same_with_one_worker_and_with_two(run, engine):
    """On the embedded model, whose answers and their order must not depend on who finishes first."""
    dispatch = dataclasses.replace(find_task("dispatch"), n_validation=3)

    async def scenario(workers):
        async with (
            await Sandbox.start(SandboxConfig(workers=workers, self_test=False)) as sandbox,
            engine(model=find_model("gp")(ModelContext(sandbox=sandbox, rng_seed=0)), on=sandbox) as made,
        ):
            meta_utility = MetaUtility(
                engine=made, utilities=await made.utilities([dispatch]), budget=BUDGET, n_repeats=3,
                split="validation", purpose="search",
            )  # fmt: skip
            return (await meta_utility.evaluate(bundled_improver("seed"))).repeats

    first, second = (run(scenario(workers)) for workers in (1, 2))
    assert first == second
    assert len({repeat.value for repeat in first}) > 1
