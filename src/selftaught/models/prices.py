"""What tokens cost. Where no price is known, none is made up: the cost of such an exchange is unknown.

Prices come from the user, or from the table of `genai-prices`, which is part of that package: nothing is looked up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from selftaught.ledger import Spending
from selftaught.settings import ModelSettings

_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class LongPrice:
    """US dollars for a million tokens of an exchange that sends more than `beyond` tokens.

    Attributes:
        beyond: The number of tokens sent up to which this price does not hold.
        sent: For tokens sent.
        cached: For those of them that the provider found in its cache.
        received: For tokens received, reasoning included.
    """

    beyond: int
    sent: float
    cached: float
    received: float


@dataclass(frozen=True, kw_only=True)
class Price:
    """US dollars for a million tokens.

    Attributes:
        sent: For tokens sent.
        cached: For those of them that the provider found in its cache.
        received: For tokens received, reasoning included.
        long: What holds instead for exchanges that send many tokens; the shortest first.
    """

    sent: float
    cached: float
    received: float
    long: tuple[LongPrice, ...] = ()

    def cost_usd(self, spending: Spending) -> float:
        """What the tokens of one exchange cost, in US dollars."""
        price: Price | LongPrice = self
        for longer in self.long:
            price = longer if spending.tokens_in > longer.beyond else price
        sent = spending.tokens_in - spending.tokens_cached
        cost = price.sent * sent + price.cached * spending.tokens_cached + price.received * spending.tokens_out
        return cost / _MILLION


def price_of(provider: str, model: str, settings: ModelSettings, *, now: datetime | None = None) -> Price | None:
    """What tokens of a model cost, the user's own prices first; None if nobody knows.

    Args:
        provider: The name under which the provider's prices are known; empty if it has none.
        model: The model's own name.
        settings: Has the user's prices.
        now: When it is asked; by default now.
    """
    sent, received = settings.price_in, settings.price_out
    if sent is not None and received is not None:
        return Price(sent=sent, cached=sent, received=received)
    known = _listed(provider, model, now or datetime.now(UTC)) if provider else None
    if known is None or (sent is None and received is None):
        return known
    if sent is not None:
        long = tuple(replace(longer, sent=sent, cached=sent) for longer in known.long)
        return replace(known, sent=sent, cached=sent, long=long)
    assert received is not None
    return replace(known, received=received, long=tuple(replace(longer, received=received) for longer in known.long))


def why_unbounded(name: str, price: Price | None, settings: ModelSettings) -> str | None:
    """Why a run with a model cannot keep within `--max-cost`, with the mend; None if it can, or need not."""
    if price is not None or settings.max_cost is None:
        return None
    return (
        f"no price is known for {name}, so --max-cost cannot hold; "
        "give --price-in and --price-out, in US dollars for a million tokens"
    )


def _listed(provider: str, model: str, now: datetime) -> Price | None:
    """The price in the table, the highest of the coming day, because some change with the hour."""
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, found = get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return None
    of_the_day = [_price_in(found.get_prices(now + timedelta(minutes=30 * half))) for half in range(48)]
    known = [price for price in of_the_day if price is not None]
    return _highest(known) if len(known) == len(of_the_day) else None


def _price_in(listed: Any) -> Price | None:
    """The price in an entry; None where it does not have the price of text, or asks for more than tokens."""
    sent, received, requests = listed.input_mtok, listed.output_mtok, listed.requests_kcount
    if sent is None or received is None or requests:
        return None
    cached = sent if listed.cache_read_mtok is None else listed.cache_read_mtok
    reasoning = received if listed.output_reasoning_mtok is None else listed.output_reasoning_mtok
    beyond = {0, *(tier.start for price in (sent, cached, received, reasoning) for tier in getattr(price, "tiers", ()))}
    prices = [
        LongPrice(
            beyond=start,
            sent=_at(sent, start),
            cached=_at(cached, start),
            received=max(_at(received, start), _at(reasoning, start)),
        )
        for start in sorted(beyond)
    ]
    first, *longer = prices
    return Price(sent=first.sent, cached=first.cached, received=first.received, long=tuple(longer))


def _at(price: Any, start: int) -> float:
    """The price for an exchange that sends more than `start` tokens."""
    found = getattr(price, "base", price)
    for tier in getattr(price, "tiers", ()):
        found = tier.price if tier.start <= start and tier.start > 0 else found
    return float(found)


def _highest(prices: Iterable[Price]) -> Price:
    """The highest of some prices, part by part; what holds for long exchanges is that of the dearest."""
    prices = list(prices)
    dearest = max(prices, key=lambda price: (price.sent, price.received))
    return replace(
        dearest,
        sent=max(price.sent for price in prices),
        cached=max(price.cached for price in prices),
        received=max(price.received for price in prices),
    )
