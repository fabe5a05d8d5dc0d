"""Who may ask a provider, and when: in a fair order, within its limits, and not while it wants to be left alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from selftaught.models.availability import Availability
from selftaught.models.fair_queue import FairQueue
from selftaught.models.provider import Prompt
from selftaught.models.rates import Concurrency, MinuteLimit, Taken
from selftaught.models.timing import Timing
from selftaught.settings import ModelSettings

BYTES_A_TOKEN = 3
"""Of text sent, before it is counted; texts have 3 to 5."""

FIRST_GUESS_TOKENS = 1000
"""A sample's length, before one has come."""

_SHORTEST_SLEEP_SECONDS = 0.001
"""Clocks are not exact: what should be over by now is over a moment later."""

MOST_A_TURN = 8
"""So many exchanges begin in one turn of the event loop. To begin one takes some milliseconds, and a thousand at once
would keep the loop from those that connect, until their time is over."""

_REMEMBERED = 20
"""About so many exchanges decide what length of a sample is expected."""


@dataclass(kw_only=True, eq=False)
class Admission:
    """A turn: waited for, then held while an exchange is in flight.

    Attributes:
        n_samples: How many samples the exchange asks for.
        tokens_in: How many tokens are sent, as estimated.
        turn: Done when the exchange may begin.
        taken: What is taken of the tokens of a minute; None before.
    """

    n_samples: int
    tokens_in: float
    turn: asyncio.Future[None]
    taken: Taken | None = None


class Throttle:
    """Admits exchanges with one provider."""

    def __init__(self, settings: ModelSettings, availability: Availability, timing: Timing) -> None:
        self._availability = availability
        self._timing = timing
        self._concurrency = Concurrency(settings.concurrency)
        self._requests = MinuteLimit(settings.requests_per_minute)
        self._tokens = MinuteLimit(settings.tokens_per_minute)
        self._mean_tokens_out = float(min(FIRST_GUESS_TOKENS, settings.max_output_tokens))
        self._n_seen = 0
        self._queue: FairQueue[Admission] = FairQueue()
        self._n_in_flight = 0
        self._n_this_turn = 0
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = 0.0

    @contextlib.asynccontextmanager
    async def admitted(self, scope: str, prompt: Prompt) -> AsyncIterator[Admission]:
        """The turn of an exchange; the block is the exchange."""
        admission = Admission(
            n_samples=prompt.n_samples,
            tokens_in=self._tokens_in(prompt),
            turn=asyncio.get_running_loop().create_future(),
        )
        self._queue.put(scope, admission)
        self._admit()
        try:
            await admission.turn
        except asyncio.CancelledError:
            if admission.taken is None:
                with contextlib.suppress(LookupError):  # its turn came when it had gone
                    self._queue.remove(scope, admission)
            else:
                self._n_in_flight -= 1
            self._admit()
            raise
        try:
            yield admission
        finally:
            self._n_in_flight -= 1
            self._admit()

    def correct(self, admission: Admission, tokens: int, tokens_out: int) -> None:
        """Nothing; an exchange took other amounts than estimated."""
        if admission.taken is not None:
            self._tokens.correct(admission.taken, tokens)
        if tokens_out:
            self._n_seen = min(self._n_seen + 1, _REMEMBERED)
            self._mean_tokens_out += (tokens_out / admission.n_samples - self._mean_tokens_out) / self._n_seen

    def slow_down(self, began: float) -> None:
        """Nothing; an exchange that began at a time was asked for patience."""
        self._concurrency.slow_down(self._n_in_flight, began, self._timing.clock())

    def speed_up(self) -> None:
        """Nothing; an exchange was answered."""
        self._concurrency.speed_up()

    async def close(self) -> None:
        """Nothing; nobody is admitted any more."""
        if self._alarm is not None:
            self._alarm.cancel()
            await asyncio.gather(self._alarm, return_exceptions=True)

    def _tokens_in(self, prompt: Prompt) -> float:
        if self._tokens.limit is None:
            return 0.0
        n_bytes = sum(len(text.encode("utf-8", "surrogatepass")) for text in (prompt.expertise, prompt.message))
        return n_bytes / BYTES_A_TOKEN

    def _admit(self) -> None:
        """Nothing; whoever may begin does, in turn. Who may not yet keeps all others waiting: nobody is overtaken."""
        while self._queue and self._n_in_flight < self._concurrency.now and self._n_this_turn < MOST_A_TURN:
            admission = self._queue.peek()
            now = self._timing.clock()
            # Only now: who waits for long is let in by what has been learned meanwhile.
            tokens = admission.tokens_in + admission.n_samples * self._mean_tokens_out
            wait = max(
                self._availability.pause_seconds,
                self._requests.wait_seconds(1, now),
                self._tokens.wait_seconds(tokens, now),
            )
            if wait > 0:
                self._wake_in(wait)
                return
            self._queue.pop()
            if admission.turn.cancelled():
                continue
            self._count_in_turn()
            self._n_in_flight += 1
            self._requests.take(1, now)
            admission.taken = self._tokens.take(tokens, now)
            admission.turn.set_result(None)
            self._availability.asked()

    def _count_in_turn(self) -> None:
        if self._n_this_turn == 0:
            asyncio.get_running_loop().call_soon(self._next_turn)
        self._n_this_turn += 1

    def _next_turn(self) -> None:
        self._n_this_turn = 0
        self._admit()

    def _wake_in(self, seconds: float) -> None:
        seconds = max(seconds, _SHORTEST_SLEEP_SECONDS)
        at = self._timing.clock() + seconds
        if self._alarm is not None and not self._alarm.done():
            if self._alarm_at <= at:
                return
            self._alarm.cancel()
        self._alarm, self._alarm_at = asyncio.create_task(self._wake(seconds)), at

    async def _wake(self, seconds: float) -> None:
        await self._timing.sleep(seconds)
        self._alarm = None
        self._admit()
