"""Interrupts: the first lets what is in flight end for a moment, so that what is paid for is kept; the second does not.

A signal reaches the process and no function in particular, so the brake that it puts on is not handed down from call to
call: it is found in the context of the work, and where nobody set one it is never put on.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

Result = TypeVar("Result")

GRACE_SECONDS = 2.0
"""How long what is in flight may go on after the first interrupt."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Brake:
    """Stops work from beginning, and knows what is in flight.

    Attributes:
        runs: The ids of the runs that are under way, for whoever tells how to resume them.
        resumes: The command that resumes a run, by the ids of those that can be resumed.
    """

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.resumes: dict[str, str] = {}
        self._is_on = False
        self._n_in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def put_on(self) -> None:
        """Nothing; from now on no work begins."""
        self._is_on = True

    async def idle(self) -> None:
        """Nothing; returns when nothing is in flight."""
        await self._idle.wait()

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Nothing; within it a piece of work is in flight. It does not begin any more once the brake is on."""
        if self._is_on:
            await asyncio.Event().wait()  # for ever: whoever put the brake on ends us
        self._n_in_flight += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._n_in_flight -= 1
            if not self._n_in_flight:
                self._idle.set()


_BRAKE: ContextVar[Brake | None] = ContextVar("selftaught_brake", default=None)


@contextlib.asynccontextmanager
async def in_flight() -> AsyncIterator[None]:
    """Nothing; within it a piece of work is in flight, which an interrupt lets end for a moment."""
    brake = _BRAKE.get()
    if brake is None:
        yield
        return
    async with brake.working():
        yield


@contextlib.contextmanager
def under_way(run_id: str, resume: str | None) -> Iterator[None]:
    """Nothing; within it a run is one of those that an interrupt interrupts.

    Args:
        run_id: Which.
        resume: The command that resumes it; None where nothing does.
    """
    brake = _BRAKE.get()
    if brake is None or run_id in brake.runs:  # one that is resumed is under way before its models are open
        yield
        return
    brake.runs.append(run_id)
    if resume is not None:
        brake.resumes[run_id] = resume
    yield
    brake.runs.remove(run_id)


class Interrupted(KeyboardInterrupt):
    """Work was ended by an interrupt.

    Attributes:
        runs: The runs that were under way, the outermost first.
        resumes: The command that resumes a run, by the ids of those that can be resumed.
    """

    def __init__(self, runs: list[str], resumes: dict[str, str]) -> None:
        super().__init__()
        self.runs = runs
        self.resumes = resumes


def run_until_interrupted(
    work: Coroutine[Any, Any, Result],
    *,
    on_first: Callable[[], None] = lambda: None,
    grace_seconds: float = GRACE_SECONDS,
) -> Result:
    """The result of asynchronous work, in a loop of its own.

    Args:
        work: What to do.
        on_first: Told of the first interrupt.
        grace_seconds: How long what is in flight may then go on.

    Raises:
        Interrupted: It was interrupted, by Ctrl-C or SIGTERM; a second one ends it without waiting. From then on both
            are ignored: whoever gets this has to tidy up, and end.
    """
    return asyncio.run(_heeding(work, on_first, grace_seconds))


async def _heeding(work: Coroutine[Any, Any, Result], on_first: Callable[[], None], grace_seconds: float) -> Result:
    brake = Brake()
    _BRAKE.set(brake)
    task = asyncio.create_task(work)
    stopping: list[asyncio.Task[None]] = []
    again = asyncio.Event()

    def interrupted() -> None:
        if stopping:
            again.set()
            return
        on_first()
        brake.put_on()
        stopping.append(asyncio.create_task(_stop(task, brake, again, grace_seconds)))

    with _handled(interrupted, has_come=lambda: bool(stopping)):
        try:
            return await task
        except asyncio.CancelledError:
            if stopping:
                raise Interrupted(brake.runs, brake.resumes) from None
            raise
        finally:
            for stop in stopping:
                stop.cancel()


async def _stop(task: asyncio.Task[Any], brake: Brake, again: asyncio.Event, grace_seconds: float) -> None:
    """Nothing; ends the task, once, when nothing is in flight, on a second interrupt, or when the time is over."""
    waits = [asyncio.create_task(brake.idle()), asyncio.create_task(again.wait())]
    await asyncio.wait(waits, timeout=grace_seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    task.cancel()


@contextlib.contextmanager
def _handled(handler: Callable[[], None], has_come: Callable[[], bool]) -> Iterator[None]:
    """Nothing; within it signals call a handler, but those that whoever started us wants to be ignored.

    Afterwards they do what they did before, or nothing if one has come: another would break off the tidying up.
    """
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    heeded = [number for number, action in before.items() if action is not signal.SIG_IGN]
    for number in heeded:
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN if has_come() else before[number])
