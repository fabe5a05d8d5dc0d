"""Measures what a call of a remote model costs beside the bare client: 1,000 samples at once, a server on this machine.

    .venv/bin/python benchmarks/model_throughput.py [--samples 1000] [--blocks 5]

The server is a process of its own. It answers at once, or only when all samples have been asked for, so that all are
in flight together. The bare client and the remote model take turns; a ratio is of two neighbours, and the table has
its median. Prints Markdown. Milliseconds are of wall time, by sample.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import openai  # noqa: E402

from model_faults.measure import remote_model  # noqa: E402 - it stands beside the tests
from model_faults.server import FaultServer, complete  # noqa: E402
from selftaught.models import ModelContext, Request  # noqa: E402
from selftaught.settings import CommonSettings, checked_settings  # noqa: E402

EXPERTISE = "You are a researcher in computer science who writes fast and correct Python."
MESSAGE = "Improve this program:\n\n```python\n" + "def f(x):\n    return x\n" * 40 + "```\n"

Caller = Callable[[str, int], Awaitable[float]]


def main() -> None:
    """Nothing; prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--blocks", type=int, default=5)
    order = parser.parse_args()
    print(f"| {order.samples:,} samples at once | most in flight | bare client, ms | remote model, ms | ratio |")
    print("|---|---:|---:|---:|---:|")
    for name, is_held in (("answered at once", False), ("answered when all are in flight", True)):
        with server(order.samples if is_held else 1) as (url, asks):
            bare, remote, most = measure(url, order.samples, order.blocks, asks)
        ratio = statistics.median(ours / theirs for ours, theirs in zip(remote, bare, strict=True))
        bare_ms, remote_ms = (1000 * statistics.median(times) / order.samples for times in (bare, remote))
        print(f"| {name} | {most:,} | {bare_ms:.2f} | {remote_ms:.2f} | {ratio:.2f} |", flush=True)


def measure(url: str, n: int, n_blocks: int, asks: Connection) -> tuple[list[float], list[float], int]:
    """The seconds of each block by the bare client and by the remote model, and the most that it had in flight."""
    times: dict[Caller, list[float]] = {by_bare_client: [], by_remote_model: []}
    for caller in times:
        asyncio.run(caller(url, n))  # what is loaded or made once is not measured
    most = 0
    for block in range(n_blocks):
        for caller in sorted(times, key=lambda each: each.__name__, reverse=bool(block % 2)):
            asks.send("begin")
            times[caller].append(asyncio.run(caller(url, n)))
            asks.send("most")
            in_flight = asks.recv()
            most = max(most, in_flight) if caller is by_remote_model else most
    return times[by_bare_client], times[by_remote_model], most


async def by_bare_client(url: str, n: int) -> float:
    """The seconds that the client takes alone."""

    async def ask(client: openai.AsyncOpenAI, number: int) -> str | None:
        answer = await client.chat.completions.create(
            model="m",
            messages=[{"role": "system", "content": EXPERTISE}, {"role": "user", "content": f"{MESSAGE}{number}"}],
            temperature=0.7,
            max_tokens=8192,
        )
        return answer.choices[0].message.content

    async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0, timeout=600.0) as client:
        began = time.perf_counter()
        answers = await asyncio.gather(*(ask(client, number) for number in range(n)))
        seconds = time.perf_counter() - began
    assert len(list(filter(None, answers))) == n
    return seconds


async def by_remote_model(url: str, n: int) -> float:
    """The seconds that a remote model takes for the same: queue, limits, ledger, counts, and a book that is empty."""
    settings = checked_settings(
        CommonSettings, concurrency=n, requests_per_minute=1e9, tokens_per_minute=1e12, price_in=1, price_out=2
    )
    context = ModelContext(sandbox=None, rng_seed=0, settings=settings)  # type: ignore[arg-type]  # no program is run
    model = remote_model(url, context)
    await model.open()
    requests = [
        Request(
            expertise=EXPERTISE, messages=(f"{MESSAGE}{number}",), n_responses=1, temperature=0.7,
            scope=f"round-1/search/dispatch/repeat-{number % 100}",
        )
        for number in range(n)
    ]  # fmt: skip
    began = time.perf_counter()
    replies = await asyncio.gather(*map(model.answer, requests))
    seconds = time.perf_counter() - began
    await model.close()
    assert sum(len(reply.samples) for reply in replies) == n
    return seconds


@contextlib.contextmanager
def server(n_held: int) -> Iterator[tuple[str, Connection]]:
    """The address of a server in a process of its own, and a connection to ask it how much it had in flight."""
    ours, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(its, n_held), daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join()


def serve(connection: Connection, n_held: int) -> None:
    """Nothing; serves until it is ended, and says how much it had in flight."""

    async def run() -> None:
        faultless = FaultServer(complete, n_held=n_held)
        await faultless.come_up()
        connection.send(faultless.url)
        while True:
            await asyncio.to_thread(connection.poll, None)
            if connection.recv() == "begin":
                faultless.most_in_flight = 0
            else:
                connection.send(faultless.most_in_flight)

    asyncio.run(run())


if __name__ == "__main__":
    main()
