"""Tasks from Python: one decorated function, three functions, or a plain score of source text."""

from __future__ import annotations

import random

import pytest

from selftaught.errors import ConfigError, Outcome
from selftaught.python_task import task, task_from_callable, task_from_functions

TARGET = 7


@task(
    seed_solution="""
def f(x):
    return 0
""",
    entry="f",
    n_validation=3,
    n_test=5,
    cpu_seconds=1.0,
    memory_mib=64,
)
def near_the_target(f, rng: random.Random) -> float:
    """How near f comes to the target.

    More is said here.
    """
    return -abs(f(rng.random()) - TARGET)


def make_pairs(split, rng, n):
    return [((rng.randint(1, 9),), rng.randint(1, 9)) for _ in range(n)]


def run_twice(candidate, number):
    return candidate(candidate(number))


def compare(arguments, hidden, answer):
    if not isinstance(answer, int):
        raise ValueError("an answer should be a whole number")
    return answer - arguments[0]


def length_of(source):
    """The longer the better."""
    return len(source)


def test_a_decorated_function_is_a_task():
    made = near_the_target
    assert (made.name, made.entry, made.summary) == ("near_the_target", "f", "How near f comes to the target")
    assert (made.n_validation, made.n_test, made.cpu_seconds, made.memory_bytes) == (3, 5, 1.0, 64 * 1024**2)
    assert made.is_opaque


def test_a_decorated_function_scores_beside_the_candidate(evaluate):
    assert evaluate(near_the_target, near_the_target.seed_solution).value == -7.0
    assert evaluate(near_the_target, "def f(x): return 7").scores == (0.0, 0.0, 0.0)


def test_a_decorated_function_gets_random_numbers_of_its_draw(evaluate):
    @task(seed_solution="def f(x): return x", entry="f")
    def echo(f, rng):
        return f(rng.random())

    first, second = evaluate(echo, "def f(x): return x"), evaluate(echo, "def f(x): return x  # another")
    assert first.scores == second.scores
    assert len(set(first.scores)) == 10


def test_names_and_summaries_may_be_given():
    made = task(seed_solution="def f(x): return x", entry="f", name="other", summary="said here")(length_of)
    assert (made.name, made.summary) == ("other", "said here")


def test_what_has_no_docstring_gets_a_plain_summary():
    assert task_from_functions(
        name="t", entry="f", seed_solution="def f(x): return x", instances=make_pairs, score=compare
    ).summary == "maximise compare"  # fmt: skip


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        ("None", Outcome.RAISED),
        ("'7'", Outcome.RAISED),
        ("float('nan')", Outcome.BAD_OUTPUT),
        ("1e60", Outcome.BAD_OUTPUT),
    ],
)
def test_a_candidate_that_makes_no_score_has_no_value(evaluate, value, outcome):
    evaluation = evaluate(near_the_target, f"def f(x): return {value}")
    assert (evaluation.outcome, evaluation.value) == (outcome, None)


def test_three_functions_are_a_task_that_scores_apart_from_candidates(evaluate):
    made = task_from_functions(
        name="pairs", entry="step", seed_solution="def step(n): return n", instances=make_pairs, score=compare,
        drive=run_twice, n_validation=4, reference_best="the best", reference_trivial="the worst", summary="step twice",
    )  # fmt: skip
    assert not made.is_opaque
    assert (made.reference_best, made.reference_trivial, made.summary) == ("the best", "the worst", "step twice")
    assert evaluate(made, "def step(n): return n + 1").scores == (2.0,) * 4
    assert evaluate(made, "def step(n): return str(n)").message == "instance 0: an answer should be a whole number"


def test_without_a_drive_the_candidate_is_called_on_the_arguments(evaluate):
    made = task_from_functions(
        name="pairs", entry="step", seed_solution="def step(n): return n", instances=make_pairs, score=compare
    )
    assert evaluate(made, "def step(n): return n + 1").value == 1.0


def test_a_score_of_text_is_a_task_whose_solutions_are_any_text(evaluate):
    made = task_from_callable(length_of, seed_solution="abc")
    assert (made.name, made.entry, made.is_opaque) == ("length_of", None, True)
    assert evaluate(made, "this is no program").value == 18.0


def test_a_function_that_cannot_be_taken_along_is_refused_at_once():
    with pytest.raises(ConfigError, match=r"should be a function that is defined with def|cannot be cut out"):
        task_from_callable(lambda source: 1.0, seed_solution="abc", name="t")


def test_a_task_without_instances_is_refused_at_once():
    with pytest.raises(ConfigError, match="n_test of task length_of should be more than 0, not 0"):
        task_from_callable(length_of, seed_solution="abc", n_test=0)
