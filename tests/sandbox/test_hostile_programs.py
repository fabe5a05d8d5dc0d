"""Every hostile program, in every mode that this machine has, and the control that shows that it is no dud."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import pytest

from selftaught.errors import Outcome

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hostility import runs, scores, sessions
from hostility.corpus import CATEGORIES, FOLDER, Program, programs
from hostility.goals import GOALS
from hostility.probes import Result
from hostility.runs import MODES

PROGRAMS = runs.runnable()
ENDINGS = {"stopped", "reached", *(outcome.value for outcome in Outcome)}
FIELDS = {"goal", "expect", "violation", "control"}
CONTROLS = ("unsandboxed", "plain subprocess", "naive engine", "naive scorer", "naive session")
FEWEST = 120

endings = functools.cache(runs.run_mode)
controls = functools.cache(runs.run_controls)
each_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)


@each_program
def test_it_ends_as_it_should_and_is_on_record(program: Program, mode: str) -> None:
    result: Result = endings(mode)[program.name]
    assert result.ending in program.expected(mode), result.detail
    assert result.reached == (result.ending == "reached")
    assert program.violations(mode) & (set(result.violations) or {"-"}), result


@each_program
def test_it_reaches_its_goal_without_the_layer_that_stops_it(program: Program) -> None:
    if not runs.control_is_possible(program):
        pytest.skip("only root can show it")
    result = controls()[program.name]
    if result.ending == "absent":
        pytest.skip("this kernel does not have what it attacks")
    assert result.reached, result.detail


def test_afterwards_an_honest_program_gets_its_exact_score(mode: str) -> None:
    assert not endings(mode)[runs.HONEST].reached, endings(mode)[runs.HONEST].detail


def test_nothing_is_left_running(mode: str) -> None:
    assert not endings(mode)[runs.LEFT].reached, endings(mode)[runs.LEFT].detail


def test_there_are_enough_of_every_kind() -> None:
    found = programs()
    assert len(found) >= FEWEST
    assert {program.category for program in found} == set(CATEGORIES)
    assert {path.parent.name for path in FOLDER.rglob("*.py")} == set(CATEGORIES)


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.name)
def test_its_file_says_all_that_is_needed(program: Program) -> None:
    assert program.tries.endswith(".")
    assert set(program.fields) >= FIELDS
    assert program.goal in {*GOALS, *scores.GOALS, *sessions.GOALS}
    assert program.control.startswith(CONTROLS)
    for mode in MODES:
        assert program.expected(mode) <= ENDINGS
        assert ("reached" in program.expected(mode)) <= ("why" in program.fields)
