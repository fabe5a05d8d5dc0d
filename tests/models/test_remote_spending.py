"""What calls of a language model of a provider cost, and may cost: counted, charged once, reserved, bounded."""

from __future__ import annotations

import asyncio

import pytest

from selftaught.errors import ConfigError, LanguageModelError, LanguageModelUnavailable, RunBudgetExceeded
from selftaught.ledger import NOTHING, Ledger, RunBudget, Spending
from selftaught.models import CallFailed, Reply
from selftaught.models.prompts import ANSWER_FORMAT
from selftaught.models.provider import Fault

from .scripted_provider import (
    COUNTED,
    DictBook,
    Rig,
    fault,
    in_turn,
    request_of,
    texts,
)
from .virtual_time import in_virtual_time


@pytest.mark.parametrize(
    ("came", "ends", "settings"),
    [
        ([fault(Fault.BROKEN)] * 5, LanguageModelError, {}),
        ([fault(Fault.BROKEN), fault(Fault.REJECTED)], LanguageModelError, {}),
        ([fault(Fault.BROKEN), 1000.0], LanguageModelError, {"call_seconds": 30}),
        ([fault(Fault.BROKEN), fault(Fault.KEY)], LanguageModelUnavailable, {}),
        ([fault(Fault.BROKEN), *[fault(Fault.DOWN)] * 99], LanguageModelUnavailable, {"outage_seconds": 9}),
    ],
)
def test_what_was_spent_in_vain_is_on_record_and_stays_spent_when_the_run_is_resumed(came, ends, settings):
    rig = Rig(in_turn(*came), **settings)
    with pytest.raises(ends):
        in_virtual_time(rig.model.answer(request_of()))
    assert rig.ledger.spent.n_unpriced >= 1
    [kept] = rig.book.spendings
    assert kept.n_unpriced == rig.ledger.spent.n_unpriced
    assert kept.tokens == rig.ledger.spent.tokens
    assert rig.book.pages == {}, "and no sample is"


def test_a_call_that_fails_says_what_it_cost_its_answered_messages_included():
    def script(prompt, number):
        return fault(Fault.BROKEN) if prompt.message == "no" else texts("yes")

    rig = Rig(script)
    with pytest.raises(CallFailed, match="answers that are none") as raised:
        in_virtual_time(rig.model.answer(request_of("yes", "no")))
    assert raised.value.spending == rig.ledger.spent
    assert raised.value.spending.tokens == COUNTED.tokens
    assert raised.value.spending.n_unpriced == 6
    assert len(set(raised.value.keys)) == 2


def test_of_two_that_wait_for_a_call_that_fails_one_is_charged():
    async def twice():
        asking = (rig.model.answer(request_of()) for _ in range(2))
        return await asyncio.gather(*asking, return_exceptions=True)

    rig = Rig(in_turn(*[fault(Fault.BROKEN)] * 5))
    first, second = in_virtual_time(twice())
    assert (type(first), type(second)) == (CallFailed, CallFailed)
    assert (first.spending, second.spending) == (rig.ledger.spent, NOTHING)
    assert len(rig.provider.asked) == 5


class Recording(DictBook):
    """Notes what is reserved, and what of it may still be paid for."""

    def __init__(self):
        super().__init__()
        self.n_reserved = 0
        self.open = set()

    async def reserve(self, worst):
        assert worst.tokens > 0
        self.n_reserved += 1
        self.open.add(name := f"reservation {self.n_reserved}")
        return name

    def settle(self, reservation):
        self.open.remove(reservation)

    async def keep(self, key, samples, spending, reserved, asked=None):
        await super().keep(key, samples, spending, reserved, asked)
        self.open.difference_update(name for name, is_counted in reserved.items() if is_counted)


def test_what_is_sent_is_reserved_on_record_until_it_is_known_what_it_cost():
    rig = Rig(in_turn(fault(Fault.DOWN), fault(Fault.BROKEN), fault(Fault.BUSY)), book=Recording())
    in_virtual_time(rig.model.answer(request_of()))
    assert len(rig.provider.asked) == rig.book.n_reserved == 4
    assert rig.book.open == {"reservation 2"}, "of the broken one nobody knows what it cost"


@pytest.mark.parametrize("kind", [Fault.DOWN, Fault.BUSY, Fault.KEY, Fault.NO_PROVIDER, Fault.REJECTED])
def test_what_fails_for_nothing_leaves_nothing_reserved(kind):
    async def many():
        asking = (rig.model.answer(request_of(f"{number}")) for number in range(5))
        return await asyncio.gather(*asking, return_exceptions=True)

    rig = Rig(lambda prompt, number: fault(kind), book=Recording(), outage_seconds=9)
    assert {type(end) for end in in_virtual_time(many())} <= {CallFailed, LanguageModelUnavailable}
    assert rig.book.n_reserved > 0
    assert rig.book.open == set()


def test_a_bound_on_money_needs_a_price():
    with pytest.raises(ConfigError, match="no price is known for scripted:m, so --max-cost cannot hold; give"):
        in_virtual_time(Rig(max_cost=1).model.open())
    in_virtual_time(Rig(max_cost=1, price_in=1, price_out=2).model.open())


def test_a_reply_has_what_all_its_exchanges_took_failed_ones_too():
    lost = fault(Fault.BROKEN, spending=Spending(tokens_in=7, tokens_out=3))
    rig = Rig(in_turn(lost, texts("one")), price_in=1.0, price_out=2.0)
    reply = in_virtual_time(rig.model.answer(request_of(n=2)))
    assert reply.spending == rig.ledger.spent
    assert (reply.spending.tokens_in, reply.spending.tokens_out) == (7 + 30 + 30, 3 + 20 + 20)
    assert reply.spending.cost_usd == pytest.approx((67 * 1.0 + 43 * 2.0) / 1e6)
    assert reply.spending.seconds == pytest.approx(3)
    assert sum(rig.book.spendings, Spending()) == reply.spending


def test_exchanges_at_the_same_time_do_not_go_over_what_a_run_may_spend():
    """Each may take 1,026 tokens, those of what the engine adds, and 100 of the answer; it takes 50."""
    each = 1026 + len(f"\n\n{ANSWER_FORMAT}") + 100
    ledger = Ledger(RunBudget(tokens=4000))
    rig = Rig(ledger=ledger, concurrency=20, max_output_tokens=100)
    requests = [request_of(scope=f"repeat-{number}") for number in range(200)]

    async def at_once():
        return await asyncio.gather(*map(rig.model.answer, requests), return_exceptions=True)

    ended = in_virtual_time(at_once())
    assert {type(end) for end in ended} == {Reply, RunBudgetExceeded}
    assert 4000 - each - 50 <= ledger.spent.tokens <= 4000
    assert rig.provider.most_in_flight == 4000 // each == 2
