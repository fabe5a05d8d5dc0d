"""A task that cannot be relied on is refused before anything is spent on it."""

from __future__ import annotations

import dataclasses

import pytest

from selftaught.errors import TaskError
from selftaught.task_check import check_task
from selftaught.utility import open_utility


@pytest.fixture(scope="session")
def check(run, sandbox):
    """`check(task)` raises if the task cannot be relied on."""

    async def check_it(task):
        async with open_utility(task, sandbox) as utility:
            await check_task(utility, sandbox, rng_seed=0)

    return lambda task: run(check_it(task))


def changed(task, before, after):
    assert before in task.utility_source
    return dataclasses.replace(task, utility_source=task.utility_source.replace(before, after))


def test_a_task_that_can_be_relied_on_passes(check, doubling):
    check(doubling)


DEPENDENCES = {
    "instances on the clock": ("rng.randint(1, 99)", "__import__('time').time_ns() % 100 + 1", "instances"),
    "instances on entropy": ("rng.randint(1, 99)", "__import__('random').SystemRandom().randint(1, 99)", "instances"),
    "instances on what came before": ("rng.randint(1, 99)", "(SEEN.append(1) or len(SEEN))", "instances"),
    "scores on the clock": ("return 1 - sum", "return __import__('time').time() - sum", "scores"),
    "scores on entropy": ("return 1 - sum", "return __import__('random').SystemRandom().random() - sum", "scores"),
    "scores on what came before": ("return 1 - sum", "SEEN.append(1)\n    return len(SEEN) - sum", "scores"),
}


@pytest.mark.parametrize("change", DEPENDENCES.values(), ids=DEPENDENCES.keys())
def test_a_utility_that_depends_on_more_than_its_arguments_is_refused(check, doubling, change):
    before, after, what = change
    task = changed(changed(doubling, "Answer =", "SEEN = []\nAnswer ="), before, after)
    says = "instances() made other instances" if what == "instances" else "the seed solution scored differently"
    with pytest.raises(TaskError) as raised:
        check(task)
    assert str(raised.value) == (
        f"the utility of task doubling depends on more than its arguments: {says} the second time; "
        "draw random numbers from rng only, and use no clock"
    )


def test_shared_random_generators_are_set_from_the_draw(check, doubling):
    check(changed(doubling, "rng.randint(1, 99)", "__import__('random').randint(1, 99)"))
    check(changed(doubling, "return 1 - sum", "return __import__('numpy').random.rand() - sum"))


FAILURES = {
    "no seed": ("def triple(n): return n", "invalid_source): it does not define the function double"),
    "raises": ("def double(n): return n / 0", "raised): line 1: TypeError: unsupported operand"),
    "never ends": ("while True: pass", "timed_out): it used more than 0.3 s of CPU time"),
    "wrong answer": ("def double(n): return []", "bad_output): instance 0: every number needs one answer"),
    "exits": ("import os; os._exit(1)", "exited): its process ended with exit code 1"),
}


@pytest.mark.parametrize(("seed_solution", "says"), FAILURES.values(), ids=FAILURES.keys())
def test_a_seed_solution_that_fails_is_refused(check, doubling, seed_solution, says):
    with pytest.raises(TaskError) as raised:
        check(dataclasses.replace(doubling, seed_solution=seed_solution))
    assert str(raised.value).startswith(f"the seed solution of task doubling fails ({says}")


@pytest.mark.parametrize(
    ("score", "says"),
    [
        ("float('nan')", "the scorer returned nan instead of a finite number"),
        ("1 / 0", "the scorer raised line 15: ZeroDivisionError: division by zero"),
        ("None", "the scorer returned NoneType instead of a number"),
    ],
)
def test_a_utility_that_gives_no_number_is_refused(check, doubling, score, says):
    with pytest.raises(TaskError) as raised:
        check(changed(doubling, "return 1 - sum", f"return {score}\n    sum"))
    assert str(raised.value) == f"the seed solution of task doubling fails (bad_output): instance 0: {says}"
