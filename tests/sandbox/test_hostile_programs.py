"""Every hostile program, in every mode that this machine has, and the control that shows that it is no dud."""

from __future__ import annotations

import contextlib
import functools
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selftaught.errors import Outcome
from selftaught.sandbox import Limits, Sandbox

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hostility import probes, runs, scores, sessions, tasks
from hostility.corpus import CATEGORIES, FOLDER, Program, programs, read
from hostility.goals import GOALS
from hostility.probes import Result
from hostility.runs import MODES
from hostility.table import is_as_declared, is_on_record_as_declared
from hostility.targets import Listeners

PROGRAMS = runs.runnable()
ENDINGS = {"stopped", "reached", tasks.TASK_ERROR, *(outcome.value for outcome in Outcome)}
FIELDS = {"goal", "expect", "violation", "control"}
CONTROLS = ("unsandboxed", "plain subprocess", "naive engine", "naive scorer", "naive session")
FEWEST = 120

endings = functools.cache(runs.run_mode)
controls = functools.cache(runs.run_controls)
each_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)


@each_program
def test_it_ends_as_it_should_and_is_on_record(program: Program, mode: str) -> None:
    result: Result = endings(mode)[program.name]
    assert is_as_declared(program, mode, result), result
    assert is_on_record_as_declared(program, mode, result), result


@each_program
def test_it_reaches_its_goal_without_the_layer_that_stops_it(program: Program) -> None:
    if not runs.control_is_possible(program):
        pytest.skip("only root can show it")
    result = controls()[program.name]
    if result.ending == "absent":
        pytest.skip("this kernel does not have what it attacks")
    assert result.reached, result.detail


def test_after_each_of_them_an_honest_program_gets_its_exact_score(mode: str) -> None:
    assert endings(mode)[runs.HONEST] == Result(
        reached=False, ending="ok", detail=f"exact {len(PROGRAMS) + 1} times"
    ), endings(mode)[runs.HONEST].detail


def test_a_program_after_which_an_honest_one_is_scored_otherwise_has_reached_its_goal() -> None:
    ended = Result(reached=False, ending="stopped", detail="no")
    assert runs.result_with(ended, scores.Honest(is_exact=True, detail="")) == ended
    spoilt = runs.result_with(ended, scores.Honest(is_exact=False, detail="the honest one is ok: 0.5"))
    assert (spoilt.reached, spoilt.ending) == (True, "reached")
    assert "the honest one is ok: 0.5" in spoilt.detail


@pytest.mark.parametrize(
    ("name", "enforced"),
    [
        ("loop", replace(probes.SHORT, cpu_seconds=10 * probes.SHORT.cpu_seconds, wall_seconds=60.0)),
        ("sleep", replace(probes.SHORT, wall_seconds=3 * probes.SHORT.wall_seconds)),
    ],
)
def test_a_limit_that_is_enforced_late_is_noticed(run: Any, sandbox: Sandbox, name: str, enforced: Limits) -> None:
    program = read(FOLDER / "resource" / f"{name}.py")
    with contextlib.closing(Listeners()) as listeners:
        late = run(probes.isolated(sandbox, program, listeners, enforced=enforced))
        in_time = run(probes.isolated(sandbox, program, listeners))
    assert (late.reached, late.ending) == (True, "reached"), late
    assert (in_time.reached, in_time.ending) == (False, "timed_out"), in_time


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
