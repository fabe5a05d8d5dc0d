"""How long a store of a million evaluations lets one wait: writing them, and each question that a command asks.

    .venv/bin/python benchmarks/large_store.py [--evaluations 1000000] [--runs 20] [--store FILE]

The evaluations are spread over runs, each with rounds, improvements and violations as a run of some size has them. Each
question is asked several times and the median is printed; the first time, with nothing in the caches of the process,
is printed beside it.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selftaught.errors import Outcome
from selftaught.store import (
    EvaluationRecord,
    ImprovementRecord,
    RoundRecord,
    RunStart,
    Store,
    ViolationRecord,
)
from selftaught.store.clock import now

N_PROGRAMS, N_IMPROVEMENTS, N_ROUNDS, N_VIOLATIONS, N_ASKED = 2000, 200, 6, 500, 7
CONFIG = {"kind": "run", "tasks": ["dispatch"], "model": "gp", "rng_seed": 0}


def run_id_of(number: int) -> str:
    """The id of a run that never was."""
    return f"r-20261128-0000{number:02}-0000"


def fill(store: Store, run_id: str, n_evaluations: int, rng: random.Random) -> None:
    """Nothing; writes a run."""
    store.start_run(RunStart(run_id=run_id, config=CONFIG, isolation="full"))
    programs = [
        store.add_program(f"# {run_id} {number}\n" + "x = 1\n" * 50, "solution") for number in range(N_PROGRAMS)
    ]
    for number in range(N_IMPROVEMENTS):
        store.start_improvement(
            ImprovementRecord(
                id=f"{run_id}-{number}",
                run_id=run_id,
                path=f"round-1/search/dispatch/repeat-{number}",
                improver=programs[0],
                task="dispatch",
                split="validation",
                initial=programs[0],
            )
        )
    for number in range(N_ROUNDS):
        store.add_round(
            RoundRecord(
                run_id=run_id,
                round=number,
                improver=programs[number],
                parent=programs[max(0, number - 1)],
                accepted=True,
                validation=0.5,
                test_mean=0.5,
                test_low=0.4,
                test_high=0.6,
                test_n=12,
            )
        )
    for number in range(N_VIOLATIONS):
        store.add_violation(
            ViolationRecord(run_id=run_id, program=programs[number], kind="socket", detail=f"connect {number % 50}")
        )
    for _ in range(n_evaluations):
        scores = [round(rng.random(), 4) for _ in range(10)]
        store.add_evaluation(
            EvaluationRecord(
                run_id=run_id,
                program=rng.choice(programs),
                task="dispatch",
                split="validation",
                key="round-1/search",
                outcome=Outcome.OK,
                value=statistics.fmean(scores),
                scores=scores,
                n=10,
                cpu_seconds=0.01,
            )
        )
    store.finish_run(run_id, status="finished", result={"verdict": "none"})
    store.flush()


def milliseconds(question: Callable[[], Any]) -> float:
    """How long a question takes."""
    started = time.perf_counter()
    question()
    return 1000 * (time.perf_counter() - started)


def questions(store: Store, run_id: str) -> dict[str, Callable[[], Any]]:
    """What commands ask, by what they do."""

    def show() -> None:
        store.run(run_id)
        for made in store.rounds(run_id):
            store.program(made.improver)
        store.violations(run_id)

    return {
        "runs": store.runs,
        "show RUN": show,
        "what a run has of each kind": lambda: store.counts(run_id),
        "the improvements of a run": lambda: store.improvements(run_id),
        "the evaluations of one program": lambda: store.evaluations(run_id, f"{run_id}-0"),
    }


def main() -> None:
    """Prints a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evaluations", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--store", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.store or Path(folder) / "large.db"
        started = time.perf_counter()
        with Store.open(path, clock=now) as store:
            for number in range(options.runs):
                fill(
                    store,
                    f"r-20261128-0000{number:02}-0000",
                    options.evaluations // options.runs,
                    random.Random(number),
                )
        seconds = time.perf_counter() - started
        print(f"{options.evaluations:,} evaluations in {options.runs} runs: {path.stat().st_size / 2**20:,.0f} MiB,")
        print(f"written at {options.evaluations / seconds:,.0f} a second.\n")
        print("| question | first, ms | median, ms |\n|---|---|---|")
        with Store.open(path, read_only=True, clock=now) as store:
            for name, question in questions(store, run_id_of(options.runs // 2)).items():
                first = milliseconds(question)
                median = statistics.median(milliseconds(question) for _ in range(N_ASKED))
                print(f"| {name} | {first:.0f} | {median:.0f} |")


if __name__ == "__main__":
    main()
