"""What tokens cost. Where no price is known, none is made up: the cost of such an exchange is unknown."""

from __future__ import annotations

from dataclasses import dataclass

from selftaught.ledger import Spending
from selftaught.settings import ModelSettings

_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Price:
    """US dollars for a million tokens.

    Attributes:
        sent: For tokens sent.
        cached: For those of them that the provider found in its cache.
        received: For tokens received, reasoning included.
    """

    sent: float
    cached: float
    received: float

    def cost_usd(self, spending: Spending) -> float:
        """What tokens cost, in US dollars."""
        sent = spending.tokens_in - spending.tokens_cached
        cost = self.sent * sent + self.cached * spending.tokens_cached + self.received * spending.tokens_out
        return cost / _MILLION


def price_of(provider: str, model: str, settings: ModelSettings) -> Price | None:
    """What tokens of a model cost, the user's own prices first; None if nobody knows."""
    if settings.price_in is not None and settings.price_out is not None:
        return Price(sent=settings.price_in, cached=settings.price_in, received=settings.price_out)
    return None
