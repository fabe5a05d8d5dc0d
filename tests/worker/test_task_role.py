"""The role `task`: draws and scores on the trusted side, and the part of a utility that runs beside candidates."""

from __future__ import annotations

import sys

import pytest

from selftaught.worker.messages import Inputs, InputsRequest, ScoreRequest, Scores, TaskFailure
from selftaught.worker.task import MAX_DRAWS_KEPT, TaskCode, self_contained

SOURCE = '''
"""A utility."""

from __future__ import annotations

import math
import os.path as paths
from statistics import fmean as mean

A, (B, *C) = 1, (2, 3)
UNUSED = 5


def used(x):
    return mean([x, helper(x)])


def helper(x):
    return x + B + len(C)


class Box:
    size = math.pi


def drive(candidate, x):
    return candidate(used(x)) + Box.size


def score(arguments, hidden, answer):
    return UNUSED
'''


def run_alone(source: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(compile(source, "<drive>", "exec"), names)
    return names


def test_a_drive_is_cut_out_with_all_that_it_needs():
    names = run_alone(self_contained(SOURCE, "drive"))
    assert names["drive"](lambda x: x, 1.0) == run_alone(SOURCE)["drive"](lambda x: x, 1.0)
    assert {"used", "helper", "Box", "math", "mean", "A", "B", "C"} <= set(names)


def test_a_drive_takes_nothing_along_that_it_does_not_need():
    text = self_contained(SOURCE, "drive")
    assert "score" not in text
    assert "UNUSED" not in text
    assert "paths" not in text


def test_there_is_nothing_to_cut_out_where_the_name_is_not_defined():
    assert self_contained("def score(): pass\n", "drive") is None


def test_a_drive_may_be_any_definition_at_the_top():
    assert run_alone(self_contained("def f(c, x): return c(x)\ndrive = f\n", "drive"))["drive"](abs, -1) == 1


COUNTED = """
MADE = []


def instances(split, rng, n):
    MADE.append(split)
    return [((rng.random(), len(MADE)), "hidden") for _ in range(n)]


def score(arguments, hidden, answer):
    assert hidden == "hidden"
    return float(answer == arguments[0])
"""


@pytest.fixture
def code():
    yield TaskCode(COUNTED)
    sys.modules.pop("__utility__", None)


def inputs(code, rng_seed=0, n=3):
    reply = code.serve(InputsRequest(split="validation", rng_seed=rng_seed, n_instances=n))
    assert isinstance(reply, Inputs)
    return reply.inputs


def test_a_draw_is_made_once_and_kept(code):
    assert inputs(code) == inputs(code)
    assert inputs(code)[0][1] == 1
    assert inputs(code, rng_seed=1)[0][1] == 2


def test_only_so_many_draws_are_kept_and_the_one_used_longest_ago_goes_first(code):
    for number in range(MAX_DRAWS_KEPT):
        inputs(code, rng_seed=number)
    kept = inputs(code, rng_seed=0)[0][1]
    inputs(code, rng_seed=MAX_DRAWS_KEPT)
    assert inputs(code, rng_seed=0)[0][1] == kept
    assert inputs(code, rng_seed=1)[0][1] == MAX_DRAWS_KEPT + 2


def test_answers_are_scored_as_far_as_there_are_any(code):
    drawn = inputs(code)
    request = ScoreRequest(split="validation", rng_seed=0, n_instances=3, answers=[drawn[0][0], 5.0])
    assert code.serve(request) == Scores(scores=[1.0, 0.0], rejected=None)


def test_scores_may_be_asked_for_before_inputs(code):
    request = ScoreRequest(split="test", rng_seed=7, n_instances=1, answers=[0.5])
    assert code.serve(request) == Scores(scores=[0.0], rejected=None)


def test_too_few_instances_are_the_task_s_failure(code):
    reply = TaskCode("def instances(s, r, n): return []\ndef score(*_): return 0\n").serve(
        InputsRequest(split="validation", rng_seed=0, n_instances=2)
    )
    assert reply == TaskFailure(message="its instances() made 0 instances, not 2")
