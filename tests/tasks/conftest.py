"""Runs a bundled task in this process, without isolation: its own text, its own checks, solutions from files."""

from __future__ import annotations

import pickle
import random
import statistics
import sys
import tomllib
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pytest

import selftaught

FOLDER = Path(selftaught.__file__).parent / "tasks"
TEXTBOOK = Path(__file__).parent / "textbook"
RULE_TASKS = ("bin_packing", "dispatch", "job_shop", "knapsack", "tsp_construct")
PAPER_TASKS = ("lpn", "maxcut", "parity", "quadratic_assignment", "string_grid", "three_sat")
HARD_TASKS = tuple(f"{name}_hard" for name in PAPER_TASKS)
NAMES = (*RULE_TASKS, *PAPER_TASKS, *HARD_TASKS)


def execute(path: Path) -> dict[str, Any]:
    """Returns the names that a file defines, each time from a fresh execution."""
    names: dict[str, Any] = {"__name__": path.stem}
    reference = path.parent / "reference.py"
    if path.name == "utility.py" and reference.exists():
        module = sys.modules["reference"] = types.ModuleType("reference")
        exec(compile(reference.read_text(encoding="utf-8"), str(reference), "exec"), module.__dict__)
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return names


@dataclass(frozen=True, kw_only=True)
class BundledTask:
    """One task folder, loaded."""

    folder: Path
    settings: dict[str, Any]
    utility: dict[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def seed_solution(self) -> Callable[..., Any]:
        return execute(self.folder / "seed_solution.py")[self.settings["entry"]]

    @property
    def textbook_solution(self) -> Callable[..., Any]:
        own = TEXTBOOK / f"{self.name}.py"
        path = own if own.exists() else TEXTBOOK / f"{self.name.removesuffix('_hard')}.py"
        return execute(path)[self.settings["entry"]]

    def instances(self, split: str = "validation", key: int = 0, n: int | None = None) -> list[tuple[Any, Any]]:
        """Returns `(arguments, hidden)` pairs: as many as an evaluation uses, unless `n` says otherwise."""
        rng = random.Random(f"{self.name} {split} {key}")
        return self.utility["instances"](split, rng, n or self.settings["instances"][split])

    def answer(self, solution: Callable[..., Any], arguments: Any) -> Any:
        """Returns what the solution answers to a private copy of the arguments, of the type that the task declares.

        The random generators are set before, as a worker does, so that it answers the same twice.
        """
        random.seed(0)
        numpy.random.seed(0)
        copied = pickle.loads(pickle.dumps(arguments))  # as the engine copies: quicker than any other way
        given = self.utility["drive"](solution, *copied)
        return msgspec.convert(given, self.utility["Answer"], strict=True)

    def score(self, arguments: Any, hidden: Any, answer: Any) -> float:
        """Returns the score of an answer of any type. ValueError: the answer is not one to this instance."""
        answer = msgspec.convert(answer, self.utility["Answer"], strict=True)
        return self.utility["score"](arguments, hidden, answer)

    def scores(self, solution: Callable[..., Any], instances: list[tuple[Any, Any]]) -> list[float]:
        return [self.score(arguments, hidden, self.answer(solution, arguments)) for arguments, hidden in instances]

    def value(self, solution: Callable[..., Any], split: str = "validation", key: int = 0) -> float:
        return statistics.fmean(self.scores(solution, self.instances(split, key)))


def load(name: str) -> BundledTask:
    """Returns the bundled task of that name."""
    folder = FOLDER / name
    settings = tomllib.loads((folder / "task.toml").read_text(encoding="utf-8"))
    return BundledTask(folder=folder, settings=settings, utility=execute(folder / "utility.py"))


@pytest.fixture(scope="session", params=NAMES)
def task(request: pytest.FixtureRequest) -> BundledTask:
    """Each bundled task in turn."""
    return load(request.param)


@pytest.fixture(scope="session", params=RULE_TASKS)
def rule_task(request: pytest.FixtureRequest) -> BundledTask:
    """Each task whose solution is a rule over scalars, in turn."""
    return load(request.param)


@pytest.fixture(scope="session")
def load_task() -> Callable[[str], BundledTask]:
    """The bundled task of a name."""
    return load
