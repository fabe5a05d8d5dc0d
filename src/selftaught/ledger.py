"""The ledger: what a run spends on language models, and what it may spend. It lives in the engine only.

`budget` bounds how often one improvement may ask; this bounds what all asking of a run may cost together. Reserving
comes before spending, so that calls in flight at the same time never go over together.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from selftaught.errors import ConfigError, RunBudgetExceeded, SelfTaughtError, StoreUnavailable

USD_DECIMALS = 9
SECONDS_DECIMALS = 6
"""Amounts are kept on a grid this fine, so that a sum is the same in any order, and a difference undoes it."""


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What was spent on language models. Sums are exact, up to a million dollars.

    Attributes:
        tokens_in: Tokens sent, as the provider counts, those that it found in its cache included.
        tokens_cached: Those of `tokens_in` that the provider found in its cache.
        tokens_out: Tokens received, those of its reasoning included.
        tokens_reasoning: Those of `tokens_out` that nobody gets to see.
        cost_usd: What it cost, as far as prices are known.
        n_unpriced: Exchanges whose price is not known; their cost is not in `cost_usd`.
        n_miscounted: Exchanges whose provider counted fewer tokens than what came can have.
        seconds: Seconds waited for providers, added up over all that was in flight.
    """

    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    tokens_reasoning: int = 0
    cost_usd: float = 0.0
    n_unpriced: int = 0
    n_miscounted: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "cost_usd", round(self.cost_usd, USD_DECIMALS))
        object.__setattr__(self, "seconds", round(self.seconds, SECONDS_DECIMALS))

    def __add__(self, other: Spending) -> Spending:
        return Spending(**{name: getattr(self, name) + getattr(other, name) for name in SPENDING_FIELDS})

    def __sub__(self, other: Spending) -> Spending:
        return Spending(**{name: getattr(self, name) - getattr(other, name) for name in SPENDING_FIELDS})

    @property
    def tokens(self) -> int:
        """All tokens, sent and received."""
        return self.tokens_in + self.tokens_out


SPENDING_FIELDS = tuple(field.name for field in fields(Spending))
NOTHING = Spending()


def spending_document(spending: Spending, *, samples_known: int = 0) -> dict[str, Any]:
    """What was spent, as data for JSON; `cost_usd` is None where a part of it is not known.

    Args:
        spending: What was spent.
        samples_known: Samples that were known already, and cost nothing.
    """
    document = {name: getattr(spending, name) for name in SPENDING_FIELDS}
    known = document.pop("cost_usd")
    cost = None if spending.n_unpriced else known
    return {"cost_usd": cost, "cost_usd_known": known, **document, "samples_known": samples_known}


def spending_from(document: Mapping[str, Any] | None) -> Spending:
    """What such a document says was spent; nothing where there is none.

    Raises:
        ValueError: It is no such document.
    """
    if document is None:
        return NOTHING
    try:
        amounts = {name: document[name] for name in SPENDING_FIELDS if name != "cost_usd"}
        amounts["cost_usd"] = document["cost_usd_known"]
        for name, amount in amounts.items():
            if not math.isfinite(amount) or amount < 0:  # a limit would not hold
                raise ValueError(f"{name} is {amount}")
        return Spending(**amounts)
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no record of what was spent: {error}") from None


@dataclass(frozen=True, kw_only=True)
class RunBudget:
    """What one run may spend on language models; None is without bound.

    Attributes:
        cost_usd: Money.
        tokens: Tokens, sent and received.
        seconds: Time on the clock.
    """

    cost_usd: float | None = None
    tokens: int | None = None
    seconds: float | None = None


@dataclass(kw_only=True)
class Reservation:
    """What an exchange may spend at the most, until it is known what it did spend.

    Attributes:
        worst: The most.
        spent: What it spent, as far as that is known.
        is_counted: Whether all of that is known. As long as it is not, nobody may spend what is reserved.
    """

    worst: Spending
    spent: Spending = NOTHING
    is_counted: bool = False

    def enter(self, spent: Spending, *, is_counted: bool = True) -> None:
        """Nothing; notes what the exchange spent, and whether that is all."""
        self.spent, self.is_counted = spent, is_counted


@dataclass(eq=False)
class _Waiting:
    """Somebody who wants to reserve: when that is decided it is admitted, or `refusal` says why not."""

    worst: Spending
    decided: asyncio.Future[None]
    is_admitted: bool = False
    refusal: SelfTaughtError | None = None


class Ledger:
    """What a run has spent and may spend.

    Attributes:
        budget: What it may spend.
        spent: What it has spent.
        uncounted: What exchanges can have spent at the most of which nobody knows what they did: it may be gone, so
            it is not spent again.
    """

    def __init__(
        self,
        budget: RunBudget | None = None,
        *,
        spent: Spending = NOTHING,
        seconds_used: float = 0.0,
        resume: str | None = None,
        shortage: Callable[[], str | None] = lambda: None,
    ) -> None:
        """A ledger.

        Args:
            budget: What may be spent.
            spent: What was spent before.
            seconds_used: The time on the clock that it took before.
            resume: What a person types to go on with more, without the limit; None where that cannot be done.
            shortage: Why nothing may be asked for although it could be paid for, as the answer could not be stored.
        """
        self.budget = budget or RunBudget()
        self.spent = spent
        self.uncounted = NOTHING
        self._seconds_used = seconds_used
        self._deadline: float | None = None
        self._reserved = NOTHING
        self._n_in_flight = 0
        self._queue: deque[_Waiting] = deque()
        self._n_refused = 0
        self._resume = resume
        self._shortage = shortage
        self._refusal: Callable[[], SelfTaughtError] | None = None

    def recall(self, spent: Spending, uncounted: Spending) -> None:
        """Nothing; what an earlier life has spent, and may have spent, is spent."""
        self.spent += spent
        self.uncounted += uncounted

    @contextlib.asynccontextmanager
    async def reserved(self, worst: Spending) -> AsyncIterator[Reservation]:
        """A reservation for an exchange; what is entered in it counts when the block ends.

        An exchange that is cut off before anybody knows what it spent may be paid for all the same, so what it reserved
        stays reserved.

        It waits while it does not fit beside what is in flight. Who came first goes first, so a large one is not kept
        waiting by small ones. If it does not fit when nothing is in flight any more, the run is over: what was in
        flight has been answered by then and is not lost, and nobody else may reserve anything. Within the block nothing
        more may be reserved, which could wait for itself.

        Args:
            worst: What it can spend at the most.

        Raises:
            RunBudgetExceeded: It does not fit.
            StoreUnavailable: There is no room to store what it brings.
            ConfigError: Money is bounded, and what the exchange costs is not known.
        """
        if worst.n_unpriced and self.budget.cost_usd is not None:
            raise ConfigError(
                "the price of the model is not known, so --max-cost cannot be kept; give --price-in and --price-out"
            )
        await self._admitted(worst)
        reservation = Reservation(worst=worst)
        try:
            yield reservation
        finally:
            self._end(reservation)

    @contextlib.asynccontextmanager
    async def within_time(self) -> AsyncIterator[None]:
        """Nothing; what is still going on in the block when the time of the run is over is cancelled.

        The time begins with the first such block.

        Raises:
            RunBudgetExceeded: The time is over.
        """
        limit = self.budget.seconds
        if limit is None:
            yield
            return
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + max(0.0, limit - self._seconds_used)
        clock = asyncio.timeout_at(self._deadline)
        try:
            async with clock:
                yield
        except TimeoutError:
            if not clock.expired():
                raise
            mend = self._mend("--max-seconds")
            message = f"the run may take {limit:,g} s (--max-seconds), and its time is over; {mend}"
            raise RunBudgetExceeded(message, budget="time", used=limit, limit=limit) from None

    async def _admitted(self, worst: Spending) -> None:
        waiting = _Waiting(worst, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._admit()
        try:
            await waiting.decided
        except asyncio.CancelledError:
            if waiting.is_admitted:  # and nothing was sent yet
                self._end(Reservation(worst=worst, is_counted=True))
            else:
                self._forget_refusal(waiting)
                self._admit()
            raise
        if waiting.refusal is not None:
            raise waiting.refusal

    def _forget_refusal(self, waiting: _Waiting) -> None:
        """Nothing; one that was cancelled in the moment in which it was refused tells nobody, so it ends no run."""
        if waiting.refusal is not None:
            self._n_refused -= 1
            if not self._n_refused:
                self._refusal = None

    def _admit(self) -> None:
        """Nothing; decides on as many of those who wait as can be decided, in their order."""
        while self._queue:
            first = self._queue[0]
            if first.decided.cancelled():
                self._queue.popleft()
                continue
            over = self._refusal or self._stop(self.spent + self.uncounted + self._reserved + first.worst)
            if over and self._n_in_flight:
                return
            self._queue.popleft()
            if over:
                self._refusal = over
                self._n_refused += 1
                first.refusal = over()  # its own for each: an exception knows where it was raised
            else:
                self._reserved += first.worst
                self._n_in_flight += 1
                first.is_admitted = True
            first.decided.set_result(None)

    def _end(self, reservation: Reservation) -> None:
        self._reserved -= reservation.worst
        self._n_in_flight -= 1
        self.spent += reservation.spent
        if not reservation.is_counted:
            self.uncounted += reservation.worst
            if reservation.worst.cost_usd and not reservation.spent.n_unpriced:
                self.spent += Spending(n_unpriced=1)
        self._admit()

    def _stop(self, most: Spending) -> Callable[[], SelfTaughtError] | None:
        """What ends the run if that much may be spent; None if nothing does."""
        shortage = self._shortage()
        return partial(StoreUnavailable, shortage) if shortage is not None else self._over(most)

    def _over(self, most: Spending) -> Callable[[], SelfTaughtError] | None:
        """What would be over if that much were spent."""
        budget, spent, uncounted = self.budget, self.spent, self.uncounted
        if budget.cost_usd is not None and most.cost_usd > budget.cost_usd:
            maybe = _maybe(usd(uncounted.cost_usd)) if uncounted.cost_usd else ""
            words = f"has spent {usd(spent.cost_usd)} of {usd(budget.cost_usd)} (--max-cost){maybe}"
            return self._exceeded("money", "--max-cost", words, spent.cost_usd, budget.cost_usd)
        if budget.tokens is not None and most.tokens > budget.tokens:
            maybe = _maybe(f"{uncounted.tokens:,}") if uncounted.tokens else ""
            words = f"has spent {spent.tokens:,} of {budget.tokens:,} tokens (--max-tokens){maybe}"
            return self._exceeded("tokens", "--max-tokens", words, spent.tokens, budget.tokens)
        return None

    def _exceeded(self, name: str, flag: str, words: str, used: float, limit: float) -> Callable[[], RunBudgetExceeded]:
        message = f"the run {words}, and the next call may take more than is left; {self._mend(flag)}"
        return partial(RunBudgetExceeded, message, budget=name, used=used, limit=limit)

    def _mend(self, flag: str) -> str:
        if self._resume is None:
            return (
                f"what it did is stored, and with a larger {flag} and the same --rng-seed it pays for no answer again"
            )
        return (
            f"what it did is stored, and `{self._resume} {flag} MORE` with a larger limit "
            "goes on from there and pays for no answer again"
        )


def _maybe(amount: str) -> str:
    return f" and maybe {amount} more that nobody counted"


def usd(amount: float) -> str:
    """An amount of money for a person, with as many decimals as it needs: `12.35 USD`, `0.0042 USD`."""
    decimals = 2 if amount >= 1 or amount == 0 else 4 if amount >= 0.01 else 6 if amount >= 0.0001 else USD_DECIMALS
    return f"{amount:,.{decimals}f} USD"
