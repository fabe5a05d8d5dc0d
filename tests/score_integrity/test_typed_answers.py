"""Answers to tasks that a person wrote, with scorers as people write them: careless in the ways named here."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selftaught.worker import wire
from selftaught.worker.messages import MAX_SCORE, ScoreRequest, Scores, TaskFailure
from selftaught.worker.task import MAX_WHOLE_NUMBER, TaskCode

N = 3
QUICK = settings(
    deadline=None, database=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

TASK = """
import random
import numpy as np

Answer = {answer}


def instances(split, rng, n):
    return [(([3, 1, 2],), {hidden}) for _ in range(n)]


def score(arguments, hidden, answer):
    [numbers] = arguments
{body}
"""


def task_of(answer: str, body: str, hidden: str = "[3, 1, 2]") -> TaskCode:
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    return TaskCode(TASK.format(answer=answer, hidden=hidden, body=indented))


def scores_of(code: TaskCode, answers: list[Any]) -> list[float | None]:
    body = wire.encode(answers)[wire.HEADER_BYTES :]
    request = ScoreRequest(split="validation", rng_seed=5, n_instances=N, answers=wire.decode(body))  # type: ignore[arg-type]
    reply = code.serve(request)
    assert isinstance(reply, Scores), reply
    assert (reply.rejected is None) == (None not in reply.scores)
    return reply.scores


@pytest.fixture(autouse=True)
def no_module_left() -> Iterator[None]:
    yield
    sys.modules.pop("__utility__", None)


PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.integers(0, 4),
        st.floats(),
        st.text(max_size=3),
        st.binary(max_size=3),
        st.sampled_from(["?", "i1", "u1", "i2", "u4", "i8", "u8", "f4", "f8"]).map(
            lambda dtype: np.array([3, 1, 2]).astype(dtype)
        ),
        st.sampled_from([np.empty(0), np.empty((0, 3)), np.array(1.5), np.array([math.nan]), np.full((2, 1, 1), 2)]),
    ),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=2), part, max_size=3),
    max_leaves=12,
)

# By the type that a task declares: a scorer whose best score is 0, and what its answers have to be.
STRICT: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "float": ("return -abs(answer - 2.5)", lambda a: type(a) in (int, float)),
    "list[int]": (
        "if len(answer) != 3: raise ValueError('three')\nreturn -sum(abs(a - h) for a, h in zip(answer, hidden))",
        lambda a: isinstance(a, list) and len(a) == 3 and all(type(number) is int for number in a),
    ),
    "np.ndarray": (
        "if answer.shape != (3,): raise ValueError('three')\nreturn -np.abs(answer - np.array(hidden)).max()",
        lambda a: np.shape(a) == (3,),
    ),
    "tuple[int, float]": (
        "return -abs(answer[0] - 1) - abs(answer[1] - 2)",
        lambda a: isinstance(a, list) and len(a) == 2 and type(a[0]) is int and type(a[1]) in (int, float),
    ),
    "dict[str, int]": (
        "return -sum(abs(number) for number in answer.values())",
        lambda a: isinstance(a, dict) and all(type(number) is int for number in a.values()),
    ),
    "object": ("return 0.0 if answer == hidden else -1.0", lambda a: True),
}


def listed(answer: Any) -> Any:
    return answer.tolist() if isinstance(answer, np.ndarray) else answer


@settings(QUICK)
@given(answers=st.lists(PLAIN, min_size=N, max_size=N))
@pytest.mark.parametrize("kind", STRICT)
def test_plain_data_of_any_kind_is_an_answer_of_the_declared_type_or_refused(kind: str, answers: list[Any]) -> None:
    body, is_answer = STRICT[kind]
    code = task_of("__import__('typing').Any" if kind == "object" else kind, body)
    together = scores_of(code, answers)
    for answer, score in zip(answers, together, strict=True):
        if score is not None:
            assert is_answer(answer if kind == "np.ndarray" else listed(answer))
            assert type(score) is float and -MAX_SCORE <= score <= 0
    alone = [scores_of(code, [None] * index + [answers[index]])[index] for index in range(N)]
    assert alone == together == scores_of(code, answers)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_narrow_numbers_do_not_wrap_around_in_a_scorer(dtype: str) -> None:
    code = task_of("np.ndarray", "return -float(np.abs(answer + answer - 6).max())")
    extremes = [np.full(3, 1, dtype), np.full(3, edge_of(dtype, low=True)), np.full(3, edge_of(dtype))]
    for score, answer in zip(scores_of(code, extremes), extremes, strict=True):
        is_huge = np.dtype(dtype).kind in "iu" and abs(int(answer[0])) > MAX_WHOLE_NUMBER
        assert score == (None if is_huge else pytest.approx(-abs(2 * int(answer[0]) - 6), rel=1e-12))


def edge_of(dtype: str, *, low: bool = False) -> Any:
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return kind.type(-3e38 if low else 3e38)
    return kind.type(np.iinfo(kind).min if low else np.iinfo(kind).max)


def test_the_lowest_whole_number_has_no_positive_counterpart_and_is_refused() -> None:
    code = task_of("np.ndarray", "return -int(np.abs(answer).max())")
    assert scores_of(code, [np.array([-(2**63)]), np.array([2**63], np.uint64), [2**53]]) == [None, None, -(2.0**53)]


@settings(QUICK)
@given(
    answers=st.lists(
        st.sampled_from([math.nan, [math.nan], [1.0, [2.0, math.nan]], {"a": math.nan}, np.array([1, math.nan])]),
        min_size=N, max_size=N,
    )
)  # fmt: skip
@pytest.mark.parametrize("declared", ["float", "list[float]", "np.ndarray", "__import__('typing').Any"])
def test_what_is_not_a_number_slips_through_no_comparison(declared: str, answers: list[Any]) -> None:
    code = task_of(declared, "error = np.max(answer['a'] if isinstance(answer, dict) else answer)\n"
                             "if error > 1: raise ValueError('too large')\nreturn min(1.0, error)")  # fmt: skip
    assert scores_of(code, answers) == [None] * N


@pytest.mark.parametrize(
    "returned", ["True", "None", "float('nan')", "1e51", "-1e51", "10**400", "np.array([1.0])", "1j", "'1'", "[1.0]"]
)
def test_what_a_scorer_returns_is_a_number_within_bounds_or_the_answer_is_refused(returned: str) -> None:
    assert scores_of(task_of("int", f"return {returned}"), [1] * N) == [None] * N


@pytest.mark.parametrize(
    ("returned", "score"),
    [("np.float32(0.5)", 0.5), ("np.int8(-3)", -3.0), ("1e50", 1e50), ("type('F', (float,), {})(2)", 2.0)],
)
def test_any_number_within_bounds_becomes_a_plain_float(returned: str, score: float) -> None:
    scores = scores_of(task_of("int", f"return {returned}"), [1] * N)
    assert scores == [score] * N
    assert {type(number) for number in scores} == {float}


CHANGING = {
    "the arguments": "numbers.sort()\nreturn float(numbers == [3, 1, 2]) + numbers[0]",
    "the hidden part": "hidden.append(0)\nreturn float(len(hidden))",
    "both through each other": "numbers += hidden\nhidden += numbers\nreturn float(len(hidden))",
}


@pytest.mark.parametrize("body", CHANGING.values(), ids=CHANGING)
def test_a_scorer_that_changes_its_instance_changes_it_for_that_one_use(body: str) -> None:
    code = task_of("int", body)
    assert len({*scores_of(code, [1] * N), *scores_of(code, [1] * N), *scores_of(code, [2] * N)}) == 1


HIDDEN = {
    "nested lists": ("[[*range(3)]] * 2", "hidden[0]"),
    "an array": ("np.arange(3)", "hidden"),
    "beside a function": ("(lambda: 1, [3])", "hidden[1]"),
    "a dictionary": ("{'a': [1]}", "hidden['a']"),
    "an object with a state": ("random.Random(3)", "[hidden.random()]"),
}


@pytest.mark.parametrize(("hidden", "part"), HIDDEN.values(), ids=HIDDEN)
def test_hidden_parts_may_be_objects_of_any_kind(hidden: str, part: str) -> None:
    code = task_of("int", f"part = {part}\nfirst = part[0]\npart[0] = 99\nreturn first", hidden)
    first = scores_of(code, [1] * N)
    assert scores_of(code, [1] * N) == first
    assert len(set(first)) == 1


def test_hidden_parts_that_cannot_be_copied_are_the_task_s_failure() -> None:
    code = task_of("int", "return next(hidden)", "iter(x for x in [1.0])")
    request = ScoreRequest(split="validation", rng_seed=5, n_instances=N, answers=[1])
    reply = code.serve(request)
    assert isinstance(reply, TaskFailure)
    assert reply.message.startswith("its instances() made what cannot be copied: TypeError: ")


def test_a_scorer_s_random_numbers_follow_from_the_instance_alone() -> None:
    body = "if answer < 0: raise ValueError('negative')\n[random.random() for _ in range(answer)]\n" \
           "return random.random() + np.random.random()"  # fmt: skip
    code = task_of("int", body)
    alone = [scores_of(code, [-1] * index + [2])[index] for index in range(N)]
    for first, second in itertools.product((-1, 0, 7), repeat=2):
        assert scores_of(code, [first, second, 2])[2] == alone[2]
    assert len(set(alone)) == N
