"""What HTTP costs a call of gp: asked in this process, and asked through `serve-model gp`, one after the other.

    python benchmarks/serving_cost.py

Both read the same prompts from the same numbers, and their answers are compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from selftaught.models import LanguageModel, ModelContext, Request, find_model
from selftaught.sandbox import Sandbox, SandboxConfig
from selftaught.task_definition import find_task

CALLS, SAMPLES = 60, 8
SELFTAUGHT = Path(sys.executable).with_name("selftaught")


def requests() -> list[Request]:
    """The calls: each about a bundled task's seed solution, each drawn anew."""
    message = f"Improve this program:\n\n```python\n{find_task('dispatch').seed_solution}```\n"
    return [
        Request(
            expertise="You write Python.", messages=(message,), n_responses=SAMPLES, temperature=0.7, scope=str(number)
        )
        for number in range(CALLS)
    ]


@contextlib.asynccontextmanager
async def opened(name: str, sandbox: Sandbox) -> AsyncIterator[LanguageModel]:
    """The model of that name, ready to be asked."""
    model = find_model(name)(ModelContext(sandbox=sandbox, rng_seed=0))
    await model.open()
    try:
        yield model
    finally:
        await model.close()


async def measure(model: LanguageModel) -> tuple[list[float], list[list[str]]]:
    """The seconds of each call, and what was answered."""
    seconds, answers = [], []
    for request in requests():
        started = time.perf_counter()
        reply = await model.answer(request)
        seconds.append(time.perf_counter() - started)
        answers.append(reply.texts)
    return seconds, answers


async def compare(url: str) -> None:
    """Nothing; prints the table."""
    async with await Sandbox.start(SandboxConfig(workers=1)) as sandbox:
        async with opened("gp", sandbox) as model:
            here, first = await measure(model)
        async with opened(f"{url}#gp", sandbox) as model:
            there, second = await measure(model)
    assert first == second, "the answers differ"
    near, far = statistics.median(here), statistics.median(there)
    print(f"in this process   {near * 1e3:7.2f} ms a call of {SAMPLES} samples (median of {CALLS})")
    print(f"over HTTP         {far * 1e3:7.2f} ms, {far / near:.2f} times as long, {(far - near) * 1e3:.2f} ms more")


def main() -> None:
    """Nothing; starts a server, measures, and ends it."""
    command = [str(SELFTAUGHT), "serve-model", "gp", "--port", "0", "--workers", "1", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        lines = iter(server.stdout.readline, "}\n")
        url = json.loads("".join([*lines, "}"]))["url"]
        try:
            asyncio.run(compare(url))
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
