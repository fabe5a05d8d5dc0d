"""Runs `selftaught run TASK` for several rng seeds and prints a Markdown table of the gains, one row as each ends.

.venv/bin/python benchmarks/gains.py dispatch 0-9 -- --paper
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SELFTAUGHT = Path(sys.executable).with_name("selftaught")
SIGNIFICANCE = 0.05


def main(arguments: list[str]) -> None:
    """Nothing; prints the table."""
    own, _, flags = " ".join(arguments).partition(" -- ")
    task, _, seeds = own.partition(" ")
    first, _, last = (seeds or "0-9").partition("-")
    print(f"`selftaught run {task} --rng-seed N {flags}`".replace(" `", "`") + "\n")
    columns = ("N", "seed improver", "best-of-n", "improved", "over seed (95 %)", "p", "over best-of-n (95 %)", "p")
    columns += ("rounds accepted", "s")
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|", flush=True)
    documents = []
    for rng_seed in range(int(first), int(last or first) + 1):
        documents.append(_run(task, rng_seed, flags.split()))
        print(_row(documents[-1]), flush=True)
    for label, key in (("the seed improver", "gain"), ("best-of-n", "gain_over_best_of_n")):
        wins = sum(_is_win(document[key]) for document in documents)
        losses = sum(_is_win({**document[key], "mean": -document[key]["mean"]}) for document in documents)
        print(f"\nBetter than {label} with p < {SIGNIFICANCE}: {wins} of {len(documents)}; worse: {losses}.")


def _run(task: str, rng_seed: int, flags: list[str]) -> dict[str, Any]:
    command = [str(SELFTAUGHT), "run", task, "--rng-seed", str(rng_seed), "--json", *flags]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        sys.exit(finished.stderr)
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


def _is_win(gain: dict[str, Any]) -> bool:
    return bool(gain["mean"] > 0 and gain["p_value"] < SIGNIFICANCE)


if __name__ == "__main__":
    main(sys.argv[1:])
