"""Progress: what a person is told of a run, step by step."""

from __future__ import annotations

import dataclasses

import pytest

from selftaught import progress as progress_module
from selftaught.errors import Outcome
from selftaught.improver import Improvement
from selftaught.meta_utility import MetaEvaluation, Repeat
from selftaught.progress import Progress
from selftaught.recursion import Round
from selftaught.settings import RunSettings
from selftaught.statistics import Estimate

TEST = Estimate(mean=0.5, low=0.4, high=0.6, n=8)
SETTINGS = RunSettings(rounds=2, repeats=3, gate_repeats=4, test_repeats=5, fresh_repeats=6)


def evaluation_of(value: float) -> MetaEvaluation:
    return MetaEvaluation(repeats=(Repeat(task="t", initial_value=0.0, value=value, outcome=Outcome.OK),))


ROUND_0 = Round(number=0, improver="a", validation=evaluation_of(0.25))
ROUND_1 = Round(
    number=1,
    improver="b",
    parent="a",
    improvement=Improvement(outcome=Outcome.OK, solution="b"),
    validation=evaluation_of(0.75),
    proposal_validation=evaluation_of(0.75),
    parent_validation=evaluation_of(0.25),
)
REJECTED = dataclasses.replace(ROUND_1, improver="a", accepted=False, validation=evaluation_of(0.25))
NO_PROPOSAL = dataclasses.replace(
    REJECTED, improvement=Improvement(outcome=Outcome.RAISED, message="no idea"), proposal_validation=None
)
ITSELF = dataclasses.replace(NO_PROPOSAL, improvement=Improvement(outcome=Outcome.OK, solution="a"))


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (ROUND_0, "round 0 of 2: seed improver; validation 0.250, test 0.500 (0.400 to 0.600)"),
        (ROUND_1, "round 1 of 2: proposal accepted; validation 0.250 -> 0.750, test 0.500 (0.400 to 0.600)"),
        (REJECTED, "round 1 of 2: proposal rejected; validation 0.250 -> 0.750, test 0.500 (0.400 to 0.600)"),
        (NO_PROPOSAL, "round 1 of 2: no proposal (raised: no idea); validation 0.250, test 0.500 (0.400 to 0.600)"),
        (ITSELF, "round 1 of 2: the improver proposed itself; validation 0.250, test 0.500 (0.400 to 0.600)"),
    ],
    ids=["seed", "accepted", "rejected", "no proposal", "itself"],
)
def test_a_round_is_told_in_a_line(made, line):
    told = []
    progress = Progress(on_step=told.append, n_rounds=2)
    progress.leave_round(made, TEST)
    assert told == [line]


def test_the_best_is_that_of_all_rounds_so_far():
    progress = Progress()
    bests = []
    for made in (ROUND_0, ROUND_1, REJECTED):
        progress.leave_round(made, TEST)
        bests.append(progress.best)
    assert bests == [0.25, 0.75, 0.75]


def test_phases_follow_the_run():
    progress = Progress()
    progress.enter_round(0, SETTINGS)
    assert (progress.phase, progress.round, progress.n_rounds) == ("measuring the seed improver", 0, 2)
    progress.enter_round(1, SETTINGS)
    assert (progress.phase, progress.round) == ("the improver improves itself", 1)
    progress.enter_round(3, SETTINGS)
    assert progress.round == 1
    progress.enter_comparison()
    assert progress.phase == "comparing on fresh repeats"


def test_what_there_is_to_do_is_guessed_first_and_then_taken_from_the_last_round():
    n_tasks, gate, test, fresh = 2, 4, 5, 3 * 6
    progress = Progress(improvements=(gate + test) * n_tasks)
    progress.enter_round(1, SETTINGS, n_tasks)
    guessed = 2 * (progress_module.USES_GUESSED * 3 + 2 * gate + test) + fresh
    assert progress.improvements_expected == progress.improvements + guessed * n_tasks
    uses = 4
    for _ in range(1 + (uses * 3 + 2 * gate + test) * n_tasks):
        progress.improvement_finished()
    progress.enter_round(2, SETTINGS, n_tasks)
    left = (uses * 3 + 2 * gate + test) + fresh
    assert progress.improvements_expected == progress.improvements + left * n_tasks


def test_time_left_is_guessed_from_the_time_so_far(monkeypatch):
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: 110.0)
    progress = Progress(started=100.0, improvements=5, improvements_expected=20)
    assert progress.seconds_left == pytest.approx(30.0)


def test_there_is_no_guess_before_there_is_anything_to_guess_from():
    assert Progress(improvements=4, improvements_expected=20).seconds_left is None
    assert Progress(improvements=10).seconds_left is None


def test_time_left_is_never_negative():
    assert Progress(improvements=30, improvements_expected=20).seconds_left == 0
