"""A store in a temporary folder, with a clock that ticks a millisecond each time it is asked."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from selftaught.store import ImprovementRecord, RunStart, Store


def make_clock() -> Callable[[], datetime]:
    start = datetime(2026, 11, 21, 5, 22, 33, tzinfo=UTC)
    ticks = itertools.count()
    return lambda: start + timedelta(milliseconds=next(ticks))


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return make_clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs 100% #1?.db"


@pytest.fixture
def store(path: Path, clock: Callable[[], datetime]) -> Iterator[Store]:
    with Store.open(path, clock=clock, busy_seconds=0.3) as opened:
        yield opened


@pytest.fixture
def run_id(store: Store) -> str:
    """A run with one improvement, `first`."""
    store.start_run(RunStart(run_id="r-20261121-052233-ab12", config={"task": "dispatch"}, isolation="full"))
    program = store.add_program("def improve_algorithm(s, u, l): return s", "improver")
    store.start_improvement(
        ImprovementRecord(
            id="first",
            run_id="r-20261121-052233-ab12",
            path="round-1",
            improver=program,
            task="dispatch",
            split="validation",
            initial=program,
        )
    )
    return "r-20261121-052233-ab12"
