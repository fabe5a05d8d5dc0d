"""Measures the paper's tasks: prints a Markdown table of what seed and textbook solution are worth, isolated as always.

.venv/bin/python benchmarks/tasks.py            all of them, on 4 test draws each
.venv/bin/python benchmarks/tasks.py maxcut 1   one of them, on one draw
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SELFTAUGHT = Path(sys.executable).with_name("selftaught")
TASKS = ROOT / "src" / "selftaught" / "tasks"
TEXTBOOK = ROOT / "tests" / "tasks" / "textbook"
NAMES = ("lpn", "parity", "string_grid", "quadratic_assignment", "three_sat", "maxcut")


def main(arguments: list[str]) -> None:
    """Nothing; prints the table."""
    names = [arguments[0]] if arguments else [name + setting for setting in ("", "_hard") for name in NAMES]
    n_draws = int(arguments[1]) if len(arguments) > 1 else 4
    print("| task | seed solution | textbook solution |\n|---|---|---|", flush=True)
    for name in names:
        seed, textbook = (_value(name, path, n_draws) for path in (TASKS / name / "seed_solution.py", _textbook(name)))
        print(f"| `{name}` | {seed} | {textbook} |", flush=True)


def _textbook(name: str) -> Path:
    own = TEXTBOOK / f"{name}.py"
    return own if own.exists() else TEXTBOOK / f"{name.removesuffix('_hard')}.py"


def _value(name: str, solution: Path, n_draws: int) -> str:
    """The mean over draws and its standard error."""
    values = [_value_of_draw(name, solution, rng_seed) for rng_seed in range(n_draws)]
    if n_draws == 1:
        return f"{values[0]:.3f}"
    return f"{statistics.fmean(values):.3f} ± {statistics.stdev(values) / n_draws**0.5:.3f}"


def _value_of_draw(name: str, solution: Path, rng_seed: int) -> float:
    draw = ["--split", "test", "--rng-seed", str(rng_seed)]
    command = [str(SELFTAUGHT), "evaluate", name, str(solution), *draw, "--json"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        sys.exit(finished.stderr)
    document = json.loads(finished.stdout)
    if document["outcome"] != "ok":
        sys.exit(f"{name}, {solution}: {document['outcome']}: {document['message']}")
    return float(document["value"])


if __name__ == "__main__":
    main(sys.argv[1:])
