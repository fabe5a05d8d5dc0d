"""Runs a bundled task in this process, without isolation: its own text, its own checks, a solution from a string."""

from __future__ import annotations

import copy
import random
import statistics
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy

import selftaught

FOLDER = Path(selftaught.__file__).parent / "tasks"
TEXTBOOK = Path(__file__).parent / "textbook"
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/task.toml"))


def execute(path: Path) -> dict[str, Any]:
    """Returns the names that a file defines, each time from a fresh execution."""
    names: dict[str, Any] = {"__name__": path.stem}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return names


@dataclass(frozen=True, kw_only=True)
class BundledTask:
    """One task folder, loaded."""

    name: str
    settings: dict[str, Any]
    utility: dict[str, Any]

    def solution(self, source: Path) -> Callable[..., Any]:
        return execute(source)[self.settings["entry"]]

    @property
    def seed_solution(self) -> Callable[..., Any]:
        return self.solution(FOLDER / self.name / "seed_solution.py")

    @property
    def textbook_solution(self) -> Callable[..., Any]:
        return self.solution(TEXTBOOK / f"{self.name}.py")

    def instances(self, split: str = "validation", key: int = 0, n: int | None = None) -> list[tuple[Any, Any]]:
        rng = random.Random(f"{self.name} {split} {key}")
        return self.utility["instances"](split, rng, n or self.settings["instances"][split])

    def answer(self, solution: Callable[..., Any], arguments: Any) -> Any:
        """Returns what the solution answers to a private copy of the arguments, of the type that the task declares."""
        call = self.utility.get("drive", lambda candidate, *copied: candidate(*copied))
        given = call(solution, *copy.deepcopy(arguments))
        return msgspec.convert(given, self.utility["Answer"], strict=True)

    def scores(self, solution: Callable[..., Any], instances: list[tuple[Any, Any]]) -> list[float]:
        score = self.utility["score"]
        return [score(arguments, hidden, self.answer(solution, arguments)) for arguments, hidden in instances]

    def value(self, solution: Callable[..., Any], split: str = "validation", key: int = 0) -> float:
        return statistics.fmean(self.scores(solution, self.instances(split, key)))


def load(name: str) -> BundledTask:
    settings = tomllib.loads((FOLDER / name / "task.toml").read_text(encoding="utf-8"))
    return BundledTask(name=name, settings=settings, utility=execute(FOLDER / name / "utility.py"))


def cpu_milliseconds(task: BundledTask, solution: Callable[..., Any], uses: int = 5) -> float:
    """Returns the least CPU time of several evaluations on the validation instances."""
    made, spent = task.instances(), []
    for _ in range(uses):
        begun = time.process_time()
        task.scores(solution, made)
        spent.append(time.process_time() - begun)
    return 1000 * min(spent)


def spread(task: BundledTask, solution: Callable[..., Any], draws: int = 20) -> float:
    """Returns the standard deviation of the validation value over draws of the instances."""
    return float(numpy.std([task.value(solution, key=key) for key in range(1, draws + 1)], ddof=1))
