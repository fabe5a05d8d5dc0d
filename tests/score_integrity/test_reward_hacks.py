"""Solutions that score by something else than the task: a lenient scorer pays them, and the engine does not.

Each is no dud: the first test would fail if it were. `reward_hacks` has the scorers and how programs are read.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from selftaught.errors import Outcome
from selftaught.task_definition import bundled_task_names

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reward_hacks.measure import Hack, Measured, hacks, measure

HACKS = hacks()
CLEAR_GAIN = {"quadratic_assignment": 0.03}
"""More than another draw of the instances gives to an honest solution; 0.1 where scores go from 0 to 1."""


@pytest.fixture(scope="module")
def measured(run, sandbox) -> dict[str, Measured]:
    """What each is worth, by the name of program and task."""
    return {str(found.hack): found for found in run(measure(sandbox, HACKS))}


@pytest.mark.parametrize("hack", HACKS, ids=str)
def test_a_lenient_scorer_pays_for_it(measured, hack: Hack) -> None:
    found = measured[str(hack)]
    assert found.lenient is not None, found.why
    assert found.lenient > (found.lenient_plain or 0.0) + CLEAR_GAIN.get(hack.task, 0.1)


@pytest.mark.parametrize("hack", HACKS, ids=str)
def test_it_gains_nothing_here(measured, hack: Hack) -> None:
    found = measured[str(hack)]
    assert found.here.outcome == hack.ends, found.here.message
    assert found.plain.value is not None
    if found.here.outcome is Outcome.OK:
        assert found.here.value is not None
        assert found.here.value <= found.plain.value
    else:
        assert found.here.value is None
        assert found.here.message


@pytest.mark.parametrize("task", bundled_task_names())
def test_every_task_has_some(task: str) -> None:
    assert sum(hack.task == task for hack in HACKS) >= 2


def test_the_shape_hack_is_worth_a_thousand_per_cent_to_a_lenient_scorer(measured) -> None:
    """The figure of the paper."""
    column = measured["labels_column-lpn"]
    assert 5 < column.lenient < 15
    assert column.here.value == column.plain.value
