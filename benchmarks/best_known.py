"""Measures what the two hard tasks without a proven optimum count as 1: long runs of the textbook searches.

    .venv/bin/python benchmarks/best_known.py [--instances 6] [--seconds 40]

Prints the mean over fresh instances of the quantity that the task's `utility.py` divides by. Seconds are CPU time.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
Code = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instances", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=40.0, help="for each instance")
    asked = parser.parse_args()
    for task, textbook, seconds_there, quantity, constant in (
        ("quadratic_assignment_hard", "quadratic_assignment", "0.085", gain_over_mean, "BEST_GAIN"),
        ("maxcut_hard", "maxcut_hard", "0.025", cut_over_half, "BEST_OVER_HALF"),
    ):
        utility = code_of(ROOT / "src/selftaught/tasks" / task / "utility.py")
        search = search_for(ROOT / "tests/tasks/textbook" / f"{textbook}.py", seconds_there, asked.seconds)
        values = [
            quantity(utility, arguments, search)
            for arguments, _ in utility["instances"]("test", random.Random(0), asked.instances)
        ]
        spread = f"{min(values):.1f} to {max(values):.1f}, n = {len(values)}"
        print(f"{task}: {statistics.fmean(values):.1f} ({spread}); {constant} = {utility[constant]}", flush=True)


def code_of(path: Path) -> Code:
    """The names that a file of this repository defines."""
    names: Code = {}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return names


def search_for(path: Path, seconds_there: str, seconds: float) -> Callable[..., Any]:
    """A textbook solution, with more time than its task gives it."""
    source = path.read_text(encoding="utf-8")
    assert source.count(seconds_there) == 1, f"{path} says {seconds_there} {source.count(seconds_there)} times"
    names: Code = {}
    exec(compile(source.replace(seconds_there, str(seconds)), str(path), "exec"), names)
    search: Callable[..., Any] = names["algorithm"]
    return search


def gain_over_mean(utility: Code, arguments: tuple[Any, ...], search: Callable[..., Any]) -> float:
    """How much more an assignment is worth than the mean permutation."""
    return float(utility["worth"](*arguments, search(*arguments).tolist()) - utility["mean_worth"](*arguments))


def cut_over_half(utility: Code, arguments: tuple[Any, ...], search: Callable[..., Any]) -> float:
    """How much more a cut weighs than half of all edges."""
    (adjacency,) = arguments
    return float(utility["cut_weight"](adjacency, search(adjacency).tolist()) - adjacency.sum() / 4)


if __name__ == "__main__":
    main()
