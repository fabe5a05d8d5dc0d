"""What tokens cost: the user's prices, the table's, none where nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from genai_prices.data_snapshot import get_snapshot

from selftaught.ledger import Spending
from selftaught.models.prices import LongPrice, Price, price_of
from selftaught.settings import ModelSettings

NOW = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)


def known(provider: str, model: str, **prices: float) -> Price | None:
    return price_of(provider, model, ModelSettings(**prices), now=NOW)


@pytest.mark.parametrize(
    ("provider", "model"), [("", "gpt-5"), ("openai", "no-such-model"), ("nobody", "gpt-5"), ("openai", "whisper-1")]
)
def test_what_nobody_knows_has_no_price(provider, model):
    assert known(provider, model) is None


def test_what_asks_for_more_than_tokens_has_no_price():
    assert known("perplexity", "sonar") is None, "each request costs too"


def test_the_user_s_prices_go_first():
    price = known("openai", "gpt-5", price_in=1.0, price_out=4.0)
    assert price == Price(sent=1.0, cached=1.0, received=4.0)
    assert known("", "my-own", price_in=0.0, price_out=0.0) == Price(sent=0.0, cached=0.0, received=0.0)


def test_one_price_of_the_user_s_replaces_one_of_the_table_s():
    listed = known("google", "gemini-2.5-pro")
    assert listed is not None and listed.long
    mine = known("google", "gemini-2.5-pro", price_in=9.0)
    assert (mine.sent, mine.cached, mine.received) == (9.0, 9.0, listed.received)
    assert [(longer.sent, longer.cached) for longer in mine.long] == [(9.0, 9.0)]
    mine = known("google", "gemini-2.5-pro", price_out=9.0)
    assert (mine.sent, mine.cached, mine.received) == (listed.sent, listed.cached, 9.0)
    assert [longer.received for longer in mine.long] == [9.0]
    assert known("", "my-own", price_in=1.0) is None


@pytest.mark.parametrize("tokens_in", [1_000, 200_000, 200_001, 900_000])
@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-5"),
        ("anthropic", "claude-sonnet-4-5"),
        ("google", "gemini-2.5-pro"),
        ("groq", "llama-3.3-70b-versatile"),
    ],
)
def test_what_an_exchange_costs_agrees_with_the_table(provider, model, tokens_in):
    price = known(provider, model)
    usage = {"input_tokens": tokens_in, "cache_read_tokens": 500, "output_tokens": 2_000}
    if price.cached == price.sent:
        usage.pop("cache_read_tokens")  # the table has no price for those
    expected = get_snapshot().calc(_Usage(**usage), model, provider, None, NOW).total_price
    spending = Spending(tokens_in=tokens_in, tokens_cached=500, tokens_out=2_000)
    assert price.cost_usd(spending) == pytest.approx(float(expected))


class _Usage:
    """Usage as the table's package takes it."""

    def __init__(self, **counts: int) -> None:
        self.__dict__.update(counts)


def test_a_price_that_changes_with_the_hour_is_the_highest_of_the_day():
    by_hour = {known_at(hour) for hour in (0, 8, 20)}
    assert len(by_hour) == 1
    _, model = get_snapshot().find_provider_model("deepseek-chat", None, "deepseek", None)
    of_the_day = [model.get_prices(datetime(2026, 11, 1, hour, tzinfo=UTC)) for hour in range(24)]
    assert len({price.input_mtok for price in of_the_day}) > 1, "it does not change any more; take another model"
    [price] = by_hour
    assert price.sent == float(max(price.input_mtok for price in of_the_day))
    assert price.received == float(max(price.output_mtok for price in of_the_day))


def known_at(hour: int) -> Price | None:
    return price_of("deepseek", "deepseek-chat", ModelSettings(), now=datetime(2026, 11, 1, hour, tzinfo=UTC))


def test_long_exchanges_cost_more_all_of_them():
    price = Price(sent=1.0, cached=0.5, received=2.0, long=(LongPrice(beyond=100, sent=2.0, cached=1.0, received=4.0),))
    assert price.cost_usd(Spending(tokens_in=100, tokens_out=1_000_000)) == pytest.approx(2.0001)
    assert price.cost_usd(Spending(tokens_in=101, tokens_cached=1, tokens_out=0)) == pytest.approx(201e-6)


def test_every_price_in_the_table_can_be_used():
    """No entry of it is read wrongly: a price is a number that is not negative, or none."""
    n_priced = 0
    for provider in get_snapshot().providers:
        for model in provider.models:
            price = known(provider.id, model.id)
            n_priced += price is not None
            for part in (price, *price.long) if price else ():
                assert part.cached >= 0 and part.sent >= 0 and part.received >= 0
    assert n_priced > 1000
