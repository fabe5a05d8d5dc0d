"""Measures what a call of a remote model costs beside the bare client: 1,000 samples at once, a server on this machine.

    .venv/bin/python benchmarks/model_throughput.py [--samples 1000] [--blocks 5]

The server is a process of its own. It answers at once, or only when all samples have been asked for, so that all are
in flight together. The bare client and the remote model take turns; a ratio is of two neighbours, and the table has
its median. A last row is the remote model alone, before a provider that answers without a network. Prints Markdown.
Milliseconds are by sample: of this process's CPU time, and in brackets on the clock.
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

from model_faults.measure import provider_of  # noqa: E402 - it stands beside the tests
from model_faults.server import FaultServer, complete  # noqa: E402
from selftaught.ledger import Spending  # noqa: E402
from selftaught.models import ModelContext, ModelInfo, Request, Sample  # noqa: E402
from selftaught.models.provider import Completion, Prompt, Provider  # noqa: E402
from selftaught.models.remote import RemoteModel  # noqa: E402
from selftaught.settings import CommonSettings, checked_settings  # noqa: E402

EXPERTISE = "You are a researcher in computer science who writes fast and correct Python."
MESSAGE = "Improve this program:\n\n```python\n" + "def f(x):\n    return x\n" * 40 + "```\n"

Times = tuple[float, float]
"""Seconds of CPU time, and on the clock."""

Caller = Callable[[str, int], Awaitable[Times]]


def main() -> None:
    """Nothing; prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--blocks", type=int, default=5)
    order = parser.parse_args()
    n = order.samples
    print(f"| {n:,} samples at once | most in flight | bare client, ms | remote model, ms | ratio |")
    print("|---|---:|---:|---:|---:|")
    for name, is_held in (("answered at once", False), ("answered when all are in flight", True)):
        with server(n if is_held else 1) as (url, asks):
            bare, remote, most = measure(url, n, order.blocks, asks)
        ratio = statistics.median(ours / theirs for (ours, _), (theirs, _) in zip(remote, bare, strict=True))
        print(f"| {name} | {most:,} | {in_ms(bare, n)} | {in_ms(remote, n)} | {ratio:.2f} |", flush=True)
    alone = [asyncio.run(by_model_of(InstantProvider(), n)) for _ in range(order.blocks + 1)]
    print(f"| no network | | | {in_ms(alone[1:], n)} | |")


def in_ms(times: list[Times], n: int) -> str:
    """The medians in milliseconds by sample."""
    cpu, wall = (1000 * statistics.median(part) / n for part in zip(*times, strict=True))
    return f"{cpu:.2f} ({wall:.2f})"


def measure(url: str, n: int, n_blocks: int, asks: Connection) -> tuple[list[Times], list[Times], int]:
    """The times of each block by the bare client and by the remote model, and the most that it had in flight."""
    times: dict[Caller, list[Times]] = {by_bare_client: [], by_remote_model: []}
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


class Stopwatch:
    """Measures both kinds of time from when it is made."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> Times:
        """The times since then."""
        return time.process_time() - self._cpu, time.perf_counter() - self._wall


async def by_bare_client(url: str, n: int) -> Times:
    """The times that the client takes alone."""

    async def ask(client: openai.AsyncOpenAI, number: int) -> str | None:
        answer = await client.chat.completions.create(
            model="m",
            messages=[{"role": "system", "content": EXPERTISE}, {"role": "user", "content": f"{MESSAGE}{number}"}],
            temperature=0.7,
            max_tokens=8192,
        )
        return answer.choices[0].message.content

    async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0, timeout=600.0) as client:
        stopwatch = Stopwatch()
        answers = await asyncio.gather(*(ask(client, number) for number in range(n)))
        times = stopwatch.read()
    assert len(list(filter(None, answers))) == n
    return times


async def by_remote_model(url: str, n: int) -> Times:
    """The times that a remote model takes for the same."""
    return await by_model_of(provider_of(url, settings_for(n)), n)


async def by_model_of(provider: Provider, n: int) -> Times:
    """The times of a model with all that it does: queue, limits, ledger, counts, and a book that is empty."""
    context = ModelContext(sandbox=None, rng_seed=0, settings=settings_for(n))  # type: ignore[arg-type]  # none is used
    model = RemoteModel(provider, context)
    await model.open()
    requests = [
        Request(
            expertise=EXPERTISE, messages=(f"{MESSAGE}{number}",), n_responses=1, temperature=0.7,
            scope=f"round-1/search/dispatch/repeat-{number % 100}",
        )
        for number in range(n)
    ]  # fmt: skip
    stopwatch = Stopwatch()
    replies = await asyncio.gather(*map(model.answer, requests))
    times = stopwatch.read()
    await model.close()
    assert sum(len(reply.samples) for reply in replies) == n
    return times


def settings_for(n: int) -> CommonSettings:
    """Limits that are kept and never reached."""
    return checked_settings(
        CommonSettings, concurrency=n, requests_per_minute=1e9, tokens_per_minute=1e12, price_in=1, price_out=2
    )


class InstantProvider(Provider):
    """Answers without a network, in the next turn of the loop."""

    info = ModelInfo(name="instant", summary="a test", is_language_model=True, version="1")
    model = "m"
    price_provider = ""
    where = "here"

    async def complete(self, prompt: Prompt) -> Completion:
        await asyncio.sleep(0)
        return Completion(samples=(Sample(text="an answer"),), spending=Spending(tokens_in=400, tokens_out=20))

    async def open(self) -> None:
        return

    async def close(self) -> None:
        return


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
