"""A long run in one process: whether memory, descriptors and speed stay what they were.

    .venv/bin/python benchmarks/soak.py [--improvements 6000] [--task dispatch] [--workers 2]        (make soak)

One engine with one store measures improvers on the embedded model, in blocks of forty improvements that differ in
nothing but their draws, until there are as many as are wanted. Every so often it looks at the memory of the engine and
of the zygotes, at their open descriptors, and at how fast improvements end. The first tenth after the warm-up is set
beside the last.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from selftaught.experiment import checked_meta_utility
from selftaught.improver import bundled_improver
from selftaught.progress import Progress
from selftaught.recorded_run import opened_run
from selftaught.settings import CompareSettings, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now
from selftaught.task_definition import find_task

IMPROVERS = ("greedy", "best_of_n", "genetic", "beam_search", "map_elites")
REPEATS_A_BLOCK = 8
LOOK_SECONDS = 2.0
WARM_UP_SHARE = 0.1
LEAST_LOOKS = 60
MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was seen at one moment."""

    seconds: float
    engine_bytes: int
    zygote_bytes: int
    engine_descriptors: int
    zygote_descriptors: int
    n_improvements: int


def resident_bytes(pid: int) -> int:
    """The memory that a process holds itself, in bytes: resident, without what it shares with files."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) * 1024


def n_descriptors(pid: int) -> int:
    """How many descriptors a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def zygotes_of(pid: int) -> Iterator[int]:
    """Yields the zygotes below a process: those that run `zygote.py`, without what they forked."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (thread / "children").read_text().split()):
            if b"zygote.py" in Path(f"/proc/{child}/cmdline").read_bytes():
                below = [int(name) for name in Path(f"/proc/{child}/task/{child}/children").read_text().split()]
                under_bubblewrap = [pid for pid in below if b"bwrap" in Path(f"/proc/{child}/cmdline").read_bytes()]
                yield from under_bubblewrap or [child]


class Watch:
    """Looks at this process and its zygotes while work goes on."""

    def __init__(self, progress: Progress) -> None:
        self.looks: list[Look] = []
        self._progress = progress
        self._started = time.monotonic()

    async def go_on(self) -> None:
        """Nothing; looks for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with contextlib.suppress(OSError, KeyError):  # a process ended while it was looked at
                self.looks.append(self._look())

    def _look(self) -> Look:
        own = int(Path("/proc/self").readlink().name)
        zygotes = list(zygotes_of(own))
        return Look(
            seconds=time.monotonic() - self._started,
            engine_bytes=resident_bytes(own),
            zygote_bytes=sum(map(resident_bytes, zygotes)),
            engine_descriptors=n_descriptors(own),
            zygote_descriptors=sum(map(n_descriptors, zygotes)),
            n_improvements=self._progress.improvements,
        )


async def soak(store: Store, n_improvements: int, task: str, workers: int) -> tuple[Watch, dict[str, int]]:
    """What was seen, and what was done."""
    settings = checked_settings(
        CompareSettings, rng_seed=0, workers=workers, budget_calls=2, budget_responses=5, budget_utility=11
    )
    tasks = [find_task(task)]
    n_blocks = math.ceil(n_improvements / (REPEATS_A_BLOCK * len(IMPROVERS)))
    progress = Progress()
    watch = Watch(progress)
    async with opened_run("compare", tasks, settings, store, progress) as run:
        watching = asyncio.create_task(watch.go_on())
        for block in range(n_blocks):
            meta_utility = await checked_meta_utility(
                run.engine, tasks, settings, n_repeats=REPEATS_A_BLOCK, split="fresh", purpose=f"block-{block}"
            )
            for name in IMPROVERS:
                await meta_utility.evaluate(bundled_improver(name))
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    return watch, store.counts(run.run_id)


def table(looks: list[Look]) -> str:
    """The first tenth after the warm-up beside the last, in Markdown."""
    if len(looks) < LEAST_LOOKS:
        raise SystemExit(f"only {len(looks)} looks, which say nothing: ask for more --improvements")
    kept = looks[int(WARM_UP_SHARE * len(looks)) :]
    tenth = len(kept) // 10
    first, last = kept[:tenth], kept[-tenth:]

    def speed(part: list[Look]) -> float:
        return (part[-1].n_improvements - part[0].n_improvements) / (part[-1].seconds - part[0].seconds)

    def middle(part: list[Look], name: str) -> float:
        return float(statistics.median(getattr(look, name) for look in part))

    rows = [
        ("memory of the engine, MiB", *(middle(part, "engine_bytes") / MIB for part in (first, last))),
        ("memory of the zygotes, MiB", *(middle(part, "zygote_bytes") / MIB for part in (first, last))),
        ("descriptors of the engine", *(middle(part, "engine_descriptors") for part in (first, last))),
        ("descriptors of the zygotes", *(middle(part, "zygote_descriptors") for part in (first, last))),
        ("improvements a second", speed(first), speed(last)),
    ]
    lines = ["| | first tenth | last tenth | ratio |", "|---|---:|---:|---:|"]
    lines += [f"| {name} | {before:.1f} | {after:.1f} | {after / before:.2f} |" for name, before, after in rows]
    tenths = [
        middle(looks[place * len(looks) // 10 : (place + 1) * len(looks) // 10], "engine_bytes") for place in range(10)
    ]
    course = ", ".join(f"{tenth / MIB:.0f}" for tenth in tenths)
    return "\n".join([*lines, "", f"Memory of the engine in each tenth of the time, MiB: {course}."])


def main() -> None:
    """Prints what was done and the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--improvements", type=int, default=6000)
    parser.add_argument("--task", default="dispatch")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "soak.db", clock=now) as store:
        started = time.monotonic()
        watch, counts = asyncio.run(soak(store, options.improvements, options.task, options.workers))
        done = f"{counts['improvements']:,} improvements, {counts['evaluations']:,} evaluations"
        print(f"{done}, {counts['journal']:,} exchanges in {time.monotonic() - started:,.0f} s.\n")
    print(table(watch.looks))


if __name__ == "__main__":
    main()
