"""Measures how often a 95 % BCa interval of a mean holds the true mean, for few values: it is too narrow for those.

.venv/bin/python benchmarks/interval_coverage.py [--trials 1000]
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable

from selftaught.statistics import bca_interval

SIZES = (3, 6, 8, 12, 16, 24)
DRAWS: dict[str, tuple[float, Callable[[random.Random], float]]] = {
    "normal": (0.0, lambda rng: rng.gauss(0.0, 1.0)),
    "skewed (log-normal)": (math.exp(0.125), lambda rng: rng.lognormvariate(0.0, 0.5)),
}
"""The true mean of each distribution, and a draw from it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000, help="for each size and distribution")
    asked = parser.parse_args()
    print("| values | " + " | ".join(DRAWS) + " |\n|---" + "|---" * len(DRAWS) + "|")
    for size in SIZES:
        cells = [f"{coverage(name, size, asked.trials):.0%}" for name in DRAWS]
        print(f"| {size} | {' | '.join(cells)} |", flush=True)


def coverage(name: str, size: int, n_trials: int) -> float:
    """The share of intervals that hold the true mean."""
    mean, draw = DRAWS[name]
    rng = random.Random(f"{name} {size}")
    held = 0
    for trial in range(n_trials):
        low, high = bca_interval([draw(rng) for _ in range(size)], trial)
        held += low <= mean <= high
    return held / n_trials


if __name__ == "__main__":
    main()
