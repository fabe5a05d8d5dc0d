"""Runs `selftaught run TASK --runs N` and prints a Markdown table of the gains, a row for each run.

.venv/bin/python benchmarks/gains.py dispatch 0-9 -- --paper
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SELFTAUGHT = Path(sys.executable).with_name("selftaught")


def main(arguments: list[str]) -> None:
    """Nothing; prints the table."""
    own, _, flags = " ".join(arguments).partition(" -- ")
    task, _, seeds = own.partition(" ")
    first, _, last = (seeds or "0-9").partition("-")
    n_runs = int(last or first) - int(first) + 1
    command = f"run {task} --runs {n_runs} --rng-seed {first} {flags}".strip()
    print(f"`selftaught {command}`\n")
    # One run alone makes no series, and its document is its only row.
    document = _document(command)
    runs = document["runs"] if n_runs > 1 else [document]
    columns = ("N", "seed improver", "best-of-n", "improved", "over seed (95 %)", "p", "over best-of-n (95 %)", "p")
    columns += ("rounds accepted", "s")
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    for run in runs:
        print(_row(run))
    print("\n" + document["verdict"])


def _document(command: str) -> dict[str, Any]:
    finished = subprocess.run([str(SELFTAUGHT), *command.split(), "--json"], stdout=subprocess.PIPE, check=False)
    if finished.returncode != 0:
        sys.exit(finished.returncode)
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def _row(document: dict[str, Any]) -> str:
    means = [f"{document[key]['test']['mean']:.3f}" for key in ("seed_improver", "best_of_n", "improver")]
    cells = [str(document["rng_seed"]), *means]
    for key in ("gain", "gain_over_best_of_n"):
        gain = document[key]
        cells += [f"{gain['mean']:+.3f} ({gain['low']:+.3f} to {gain['high']:+.3f})", f"{gain['p_value']:.2g}"]
    accepted = [str(made["round"]) for made in document["rounds"][1:] if made["accepted"]]
    cells += [", ".join(accepted) or "none", f"{document['budget']['seconds']:.0f}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(sys.argv[1:])
