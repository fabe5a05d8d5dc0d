"""What the isolation costs: time per evaluation with and without all layers, in one run.

    python benchmarks/isolation_cost.py [--blocks 20] [--evaluations 40]

Each block measures every mode, in an order of its own, on the same evaluations: a program that does nothing, and the
seed solution of a bundled task. Without layers (`unsandboxed`) a program is still forked, limited and scored apart.
The ratio is the median over blocks of mode / unsandboxed, with the interval in which 95 % of resampled medians fall.

`again` is a second sandbox without layers, measured like the modes: its ratio is 1 but for noise. A mode whose interval
lies above that of `again` costs more than this run's noise can explain, and the last column says so.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator

from selftaught.sandbox import Limits, Sandbox, SandboxConfig
from selftaught.task_definition import find_task
from selftaught.utility import Draw, Utility, open_utility

WITHOUT, AGAIN = "unsandboxed", "again"
ARMS = ("full", "confined", "sealed", WITHOUT, AGAIN)
N_RESAMPLES = 2000
NOTHING = "def attack(): return 1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--evaluations", type=int, default=40, help="of each kind, in each mode of each block")
    parser.add_argument("--task", default="dispatch")
    asked = parser.parse_args()
    asyncio.run(measure(asked.task, asked.blocks, asked.evaluations))


async def measure(task: str, n_blocks: int, n_evaluations: int) -> None:
    order = random.Random(0)
    async with contextlib.AsyncExitStack() as stack:
        jobs = {arm: await jobs_in(WITHOUT if arm == AGAIN else arm, task, stack) for arm in ARMS}
        seconds: dict[tuple[str, str], list[float]] = {}
        for block in range(n_blocks + 1):
            for arm in order.sample(ARMS, len(ARMS)):
                for name, job in jobs[arm].items():
                    started = time.perf_counter()
                    for number in range(n_evaluations):
                        await job(block * n_evaluations + number)
                    if block:  # the first one warms up
                        seconds.setdefault((name, arm), []).append((time.perf_counter() - started) / n_evaluations)
    print(f"{n_blocks} blocks of {n_evaluations} evaluations of each kind in each mode")
    print(f"{'evaluation of':16} {'mode':12} {'median ms':>10} {'ratio':>8}  95 % interval")
    for line in lines_of(seconds):
        print(line)


def lines_of(seconds: dict[tuple[str, str], list[float]]) -> Iterator[str]:
    """Yields a line for each arm on each kind of evaluation, from the seconds of each block."""
    for (name, arm), measured in sorted(seconds.items()):
        ratio, low, high = ratio_to_without(measured, seconds[name, WITHOUT])
        _, _, noise = ratio_to_without(seconds[name, AGAIN], seconds[name, WITHOUT])
        beyond = "  more than noise" if arm not in (WITHOUT, AGAIN) and low > noise else ""
        median = statistics.median(measured) * 1e3
        yield f"{name:16} {arm:12} {median:10.2f} {ratio:8.3f}  {low:.3f} to {high:.3f}{beyond}"


def ratio_to_without(measured: list[float], without: list[float]) -> tuple[float, float, float]:
    """The median ratio over blocks, with its interval."""
    ratios = [ours / theirs for ours, theirs in zip(measured, without, strict=True)]
    return statistics.median(ratios), *interval_of_median(ratios)


async def jobs_in(
    mode: str, task_name: str, stack: contextlib.AsyncExitStack
) -> dict[str, Callable[[int], Awaitable[None]]]:
    sandbox = await stack.enter_async_context(await Sandbox.start(SandboxConfig(workers=1, mode=mode)))  # type: ignore[arg-type]
    task = find_task(task_name)
    utility: Utility = await stack.enter_async_context(open_utility(task, sandbox))

    async def nothing(_number: int) -> None:
        async with sandbox.child("probe", {"source": NOTHING}, Limits()) as child:
            await child.receive()

    async def seed_solution(number: int) -> None:
        evaluation = await utility.evaluate(task.seed_solution, Draw(split="validation", key=f"{number}", rng_seed=0))
        assert evaluation.value is not None, evaluation

    return {"nothing": nothing, task_name: seed_solution}


def interval_of_median(values: list[float]) -> tuple[float, float]:
    draw = random.Random(0)
    medians = sorted(statistics.median(draw.choices(values, k=len(values))) for _ in range(N_RESAMPLES))
    return medians[int(0.025 * N_RESAMPLES)], medians[int(0.975 * N_RESAMPLES)]


if __name__ == "__main__":
    main()
