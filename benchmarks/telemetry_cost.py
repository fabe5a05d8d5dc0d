"""What telling costs: a step with nobody listening, with a log, and with spans, beside an evaluation.

    python benchmarks/telemetry_cost.py

An evaluation tells one step, so the last column is what telling adds to the cheapest thing that a run does.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from selftaught.event_log import events_to
from selftaught.sandbox import Sandbox, SandboxConfig
from selftaught.task_definition import find_task
from selftaught.telemetry import step
from selftaught.utility import Draw, open_utility

STEPS, EVALUATIONS = 3_000, 40


def seconds_per_step() -> float:
    """The seconds of one step, told as an evaluation is."""
    started = time.perf_counter()
    for number in range(STEPS):
        with step("evaluation", task="dispatch", split="validation", solution=f"{number:064}") as told:
            told.note(outcome="ok", value=0.5, cpu_seconds=0.01)
    return (time.perf_counter() - started) / STEPS


async def seconds_per_evaluation() -> float:
    """The seconds of one evaluation of a small task, the isolation included, nobody listening."""
    task = dataclasses.replace(find_task("dispatch"), n_validation=3, n_test=3)
    async with await Sandbox.start(SandboxConfig(workers=1)) as sandbox, open_utility(task, sandbox) as utility:
        draw = Draw(split="validation", key="benchmark", rng_seed=0)
        await utility.evaluate(task.seed_solution, draw)
        started = time.perf_counter()
        for number in range(EVALUATIONS):
            await utility.evaluate(f"{task.seed_solution}\n# {number}\n", draw)
        return (time.perf_counter() - started) / EVALUATIONS


def main() -> None:
    """Nothing; prints the table."""
    evaluation = asyncio.run(seconds_per_evaluation())

    def row(name: str, listening: contextlib.AbstractContextManager[object], measure: Callable[[], float]) -> None:
        with listening, step("run", run_id="r-1"):
            seconds = min(measure() for _ in range(3))
        print(f"{name:18} {seconds * 1e6:8.1f} µs a step  {seconds / evaluation:8.3%} of an evaluation")

    print(f"{'an evaluation':18} {evaluation * 1e6:8.1f} µs")
    with tempfile.TemporaryDirectory() as folder:
        row("nobody listens", contextlib.nullcontext(), seconds_per_step)
        row("a log", events_to(str(Path(folder) / "log")), seconds_per_step)
        exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        trace.set_tracer_provider(provider)
        row("spans", contextlib.nullcontext(), seconds_per_step)
        row("spans and a log", events_to(str(Path(folder) / "log")), seconds_per_step)


if __name__ == "__main__":
    main()
