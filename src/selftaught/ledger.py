"""The ledger: what a run spends on language models, and what it may spend. It lives in the engine only.

`budget` bounds how often one improvement may ask; this bounds what all asking of a run may cost together. Reserving
comes before spending, so that calls in flight at the same time never go over together.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields

from selftaught.errors import RunBudgetExceeded


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What was spent on language models.

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

    def __add__(self, other: Spending) -> Spending:
        return Spending(**{name: getattr(self, name) + getattr(other, name) for name in SPENDING_FIELDS})

    @property
    def tokens(self) -> int:
        """All tokens, sent and received."""
        return self.tokens_in + self.tokens_out


SPENDING_FIELDS = tuple(field.name for field in fields(Spending))
NOTHING = Spending()


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
        spent: What was spent; nothing where the exchange came to nothing.
    """

    worst: Spending
    spent: Spending = NOTHING


class Ledger:
    """What a run has spent and may spend."""

    def __init__(self, budget: RunBudget | None = None, *, spent: Spending = NOTHING) -> None:
        self.budget = budget or RunBudget()
        self.spent = spent
        self._reserved = Spending()
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def reserved(self, worst: Spending) -> AsyncIterator[Reservation]:
        """A reservation for an exchange; what it holds as `spent` when the block ends is entered.

        Waits while it does not fit only because of others that are in flight.

        Raises:
            RunBudgetExceeded: It would not fit if nothing else were in flight.
        """
        reservation = Reservation(worst=worst)
        async with self._changed:
            await self._changed.wait_for(lambda: self._fits(worst))
            self._reserved += worst
        try:
            yield reservation
        finally:
            self._reserved = self._reserved + _negative(worst)
            self.spent += reservation.spent
            async with self._changed:
                self._changed.notify_all()

    def _fits(self, worst: Spending) -> bool:
        self._check(self.spent + worst)
        return not self._over(self.spent + self._reserved + worst)

    def _check(self, most: Spending) -> None:
        over = self._over(most)
        if over:
            raise over

    def _over(self, most: Spending) -> RunBudgetExceeded | None:
        budget = self.budget
        if budget.cost_usd is not None and most.cost_usd > budget.cost_usd:
            return _exceeded("money", "--max-cost", self.spent.cost_usd, budget.cost_usd, " USD")
        if budget.tokens is not None and most.tokens > budget.tokens:
            return _exceeded("tokens", "--max-tokens", self.spent.tokens, budget.tokens, "")
        return None


def _exceeded(name: str, flag: str, used: float, limit: float, unit: str) -> RunBudgetExceeded:
    message = (
        f"the run may spend {limit:g}{unit} ({flag}) and has spent {used:g}; the next call may cost more than is left"
    )
    return RunBudgetExceeded(message, budget=name, used=used, limit=limit)


def _negative(spending: Spending) -> Spending:
    return Spending(**{name: -getattr(spending, name) for name in SPENDING_FIELDS})
