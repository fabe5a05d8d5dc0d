"""Two runs, a dashboard and a command line on one store at once: does anything fail, and how long does one wait?

    .venv/bin/python benchmarks/store_stress.py [--minutes 10] [--store FILE]        (make store-stress)

Two processes make one run after another on the embedded model. Meanwhile this process asks again and again what a
dashboard would ask, through a store that it keeps open, and the commands `runs`, `show`, `show --ledger` and `audit`
are called as processes. All that goes wrong is an error: an exit code, anything that a command says on stderr, anything
but its progress that a run says there, an exception of the store, and in the end what `doctor --store` finds. With an
error the exit code is 1.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selftaught.analysis.run_ledger import ledger_of
from selftaught.errors import SelfTaughtError
from selftaught.store import Store
from selftaught.store.clock import now

SELFTAUGHT = Path(sys.executable).with_name("selftaught")
N_WRITERS = 2
POLL_SECONDS, LOOK_SECONDS = 0.1, 0.05
SETTINGS = (
    *("--rounds", "2", "--repeats", "2", "--gate-repeats", "4", "--test-repeats", "2", "--fresh-repeats", "6"),
    *("--budget-calls", "4", "--budget-responses", "4", "--budget-utility", "17"),
    *("--meta-budget-calls", "2", "--meta-budget-responses", "3", "--meta-budget-utility", "6", "--workers", "1"),
)
PROGRESS = re.compile(r"round \d+ of \d+: |comparing ")
"""How the lines begin that a run says of its progress."""
ERRORS_SHOWN = 20


@dataclass(kw_only=True)
class Seen:
    """What was seen, by all threads.

    Attributes:
        seconds: How long each question and each command took, by its name.
        errors: What went wrong, a line each.
        largest_log_bytes: The size of the write-ahead log when it was largest.
        done: Set when it is time to end.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    largest_log_bytes: int = 0
    done: threading.Event = field(default_factory=threading.Event)

    def called(self, name: str, path: Path, *arguments: str) -> str:
        """What a command printed, called on the store at `path`; it is timed, and what goes wrong is noted."""
        started = time.perf_counter()
        command = [str(SELFTAUGHT), *arguments, "--store", str(path)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        self.seconds[name].append(time.perf_counter() - started)
        if ended.returncode != 0:
            self.errors.append(f"{name}: exit code {ended.returncode}")
        self.errors += [f"{name}: {line}" for line in ended.stderr.splitlines() if not PROGRESS.match(line)]
        return ended.stdout


def write(seen: Seen, path: Path, place: int) -> None:
    """Nothing; makes runs, one after another, until it is time to end."""
    for number in itertools.count():
        if seen.done.is_set():
            return
        rng_seed = str(N_WRITERS * number + place)
        seen.called("a whole run", path, "run", "dispatch", *SETTINGS, "--rng-seed", rng_seed, "--json")


def call_commands(seen: Seen, path: Path) -> None:
    """Nothing; calls the commands that show, in turn, on the newest run and on the oldest."""
    for place in itertools.cycle((0, -1)):
        listed = seen.called("runs", path, "runs", "--json")
        runs = json.loads(listed or "[]")
        for name, *more in (("show",), ("show", "--ledger"), ("audit",)) if runs else ():
            if seen.done.is_set():
                return
            seen.called(f"{' '.join((name, *more))} RUN", path, name, runs[place]["run_id"], *more)
        if seen.done.is_set():
            return


def questions(store: Store) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yields what a dashboard asks, by name: of all runs, and then of the newest."""
    yield "list the runs", store.runs
    listed = store.runs()
    if not listed:
        return
    run_id = listed[0].run_id
    yield "a run", lambda: store.run(run_id)
    yield "its rounds", lambda: store.rounds(run_id)
    yield "its counts", lambda: store.counts(run_id)
    yield "its improvements", lambda: store.improvements(run_id)
    yield "its evaluations", lambda: store.evaluations(run_id)
    yield "its programs", lambda: store.programs(run_id)
    yield "its violations", lambda: store.violations(run_id)
    yield "its spending", lambda: store.spent(run_id)
    yield "its ledger", lambda: ledger_of(store.run(run_id), store)


def watch(seen: Seen, path: Path) -> None:
    """Nothing; asks again and again, through one store that stays open."""
    with Store.open(path, read_only=True, clock=now) as store:
        while not seen.done.wait(POLL_SECONDS):
            try:
                for name, question in questions(store):
                    started = time.perf_counter()
                    question()
                    seen.seconds[f"asked: {name}"].append(time.perf_counter() - started)
            except SelfTaughtError as error:
                seen.errors.append(f"asked: {error}")


def look_at_log(seen: Seen, path: Path) -> None:
    """Nothing; notes how large the write-ahead log becomes."""
    log = path.with_name(f"{path.name}-wal")
    while not seen.done.wait(LOOK_SECONDS):
        if log.exists():
            seen.largest_log_bytes = max(seen.largest_log_bytes, log.stat().st_size)


def stress(seen: Seen, path: Path, minutes: float) -> None:
    """Nothing; lets all of them work at once for so long, and then lets each end what it is at."""
    Store.open(path, clock=now).close()  # who only reads makes no store
    work: list[Callable[[], None]] = [
        *(lambda place=place: write(seen, path, place) for place in range(N_WRITERS)),  # type: ignore[misc]
        lambda: call_commands(seen, path),
        lambda: watch(seen, path),
        lambda: look_at_log(seen, path),
    ]

    def carry_out(piece: Callable[[], None]) -> None:
        try:
            piece()
        except BaseException as error:  # a thread that died would look like one that had nothing to report
            seen.errors.append(f"{type(error).__name__}: {error}")
            raise

    threads = [threading.Thread(target=carry_out, args=(piece,)) for piece in work]
    for thread in threads:
        thread.start()
    time.sleep(60 * minutes)
    seen.done.set()
    for thread in threads:
        thread.join()


def lines(seen: Seen, path: Path) -> Iterator[str]:
    """Yields the report in Markdown."""
    with Store.open(path, read_only=True, clock=now) as store:
        runs = store.runs()
        n_evaluations = sum(store.counts(run.run_id)["evaluations"] for run in runs)
        unfinished = [run.run_id for run in runs if run.status != "finished"]
    seen.errors += [f"{run_id} is not finished" for run_id in unfinished]
    yield f"{len(runs)} runs with {n_evaluations:,} evaluations, {N_WRITERS} at a time. The store has"
    yield f"{path.stat().st_size / 2**20:,.1f} MiB; its log had at most {seen.largest_log_bytes / 2**20:,.1f} MiB.\n"
    yield "| what | times | median, ms | 99 %, ms | longest, ms |\n|---|---|---|---|---|"
    for name, seconds in sorted(seen.seconds.items()):
        median, longest = statistics.median(seconds), max(seconds)
        percentile = statistics.quantiles(seconds, n=100)[-1] if len(seconds) >= 100 else None
        ninety_nine = "-" if percentile is None else f"{1000 * min(percentile, longest):,.1f}"
        yield f"| {name} | {len(seconds):,} | {1000 * median:,.1f} | {ninety_nine} | {1000 * longest:,.1f} |"


def main() -> int:
    """Prints what was seen; the exit code is 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--store", type=Path, help="by default one in a temporary folder")
    options = parser.parse_args()
    seen = Seen()
    with tempfile.TemporaryDirectory() as folder:
        path = (options.store or Path(folder) / "stress.db").absolute()
        stress(seen, path, options.minutes)
        report = "\n".join(lines(seen, path))
        whole = seen.called("doctor", path, "doctor", "--json")
    problems = json.loads(whole)["store"]["problems"] if whole else ["doctor said nothing"]
    seen.errors += [f"doctor: {problem}" for problem in problems]
    found = "harmed" if problems else "whole"
    print(f"{report}\n\n{len(seen.errors)} errors; `doctor --store` finds the store {found}.")
    for error in seen.errors[:ERRORS_SHOWN]:
        print(f"- {error}")
    return 1 if seen.errors else 0


if __name__ == "__main__":
    sys.exit(main())
