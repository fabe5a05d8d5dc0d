"""A language model of a provider: samples, orders, books, faults, time and money, against a scripted provider."""

from __future__ import annotations

import asyncio

import pytest

from selftaught.errors import ConfigError, LanguageModelError, LanguageModelUnavailable
from selftaught.models.provider import Fault

from .scripted_provider import Rig, fault, in_turn, numbered, request_of, texts
from .virtual_time import in_virtual_time


def test_samples_come_in_the_order_of_the_messages():
    rig = Rig(lambda prompt, number: numbered(prompt, 0))
    reply = in_virtual_time(rig.model.answer(request_of("a", "b", "c", n=2)))
    assert reply.texts == [f"{message}, exchange 0, sample {place}" for message in "abc" for place in range(2)]
    assert [prompt.n_samples for prompt in rig.provider.asked] == [2, 2, 2]


def test_what_a_server_leaves_out_is_topped_up_in_parallel():
    rig = Rig(lambda prompt, number: texts(f"{prompt.n_samples} asked, exchange {number}"))
    reply = in_virtual_time(rig.model.answer(request_of(n=4)))
    assert reply.texts == ["4 asked, exchange 0", *(f"1 asked, exchange {number}" for number in (1, 2, 3))]
    assert rig.provider.asked_at[1:] == [pytest.approx(1.001)] * 3
    assert len({prompt.rng_seed for prompt in rig.provider.asked}) == 4
    assert rig.provider.asked[0].rng_seed == request_of(n=4).rng_seed("m", 7, 0)


def test_a_run_waits_while_the_provider_is_down_and_says_so():
    rig = Rig(lambda prompt, number: numbered(prompt, number) if now() > 600 else fault(Fault.DOWN, "refused"))
    reply = in_virtual_time(rig.model.answer(request_of()))
    assert len(reply.texts) == 1
    assert rig.told[0] == (
        "scripted:m (http://localhost:1/v1) has not answered since 14:00:01 (refused); waiting until 15:00:01 at the "
        "most. Ctrl-C is safe: the same command with --rng-seed 7 goes on from the answers that have come"
    )
    assert rig.told[-1] is None
    assert len(rig.provider.asked) < 60


def test_a_run_ends_when_the_provider_is_down_for_too_long():
    rig = Rig(lambda prompt, number: fault(Fault.DOWN, "refused"), outage_seconds=100)
    with pytest.raises(LanguageModelUnavailable, match=r"waits 100 s at the most \(--outage-seconds\): the same"):
        in_virtual_time(rig.model.answer(request_of()))
    assert 101 <= rig.provider.asked_at[-1] <= 102


@pytest.mark.parametrize("kind", [Fault.KEY, Fault.UNKNOWN_MODEL])
def test_a_key_or_model_that_does_not_serve_ends_the_run_at_once(kind):
    rig = Rig(in_turn(fault(kind, "what the provider says")))
    with pytest.raises(LanguageModelUnavailable, match="what the provider says"):
        in_virtual_time(rig.model.answer(request_of()))
    assert len(rig.provider.asked) == 1


def test_a_rejected_request_is_told_to_the_improver():
    rig = Rig(in_turn(fault(Fault.REJECTED, "it is too long")))
    with pytest.raises(LanguageModelError, match="rejected the request: it is too long") as raised:
        in_virtual_time(rig.model.answer(request_of()))
    assert not raised.value.retryable
    assert type(raised.value) is LanguageModelError
    assert len(rig.provider.asked) == 1


def test_one_deadline_holds_for_all_attempts():
    rig = Rig(in_turn(fault(Fault.BROKEN, "half an answer"), 1000.0), call_seconds=30)
    with pytest.raises(LanguageModelError, match="took too long: no whole answer within"):
        in_virtual_time(rig.model.answer(request_of()))
    first, second = rig.provider.asked
    assert first.seconds == 30
    assert second.seconds == pytest.approx(30 - rig.provider.asked_at[1])


def test_the_same_request_in_flight_twice_is_asked_once_and_charged_once():
    async def twice():
        return await asyncio.gather(*(rig.model.answer(request_of(n=2)) for _ in range(2)))

    rig = Rig()
    first, second = in_virtual_time(twice())
    assert first.texts == second.texts
    assert (first.n_known, second.n_known) == (0, 2)
    assert (first.spending.tokens, second.spending.tokens) == (50, 0)
    assert len(rig.provider.asked) == 1


def test_a_bound_on_money_needs_a_price():
    with pytest.raises(ConfigError, match="no price is known for scripted:m, so --max-cost cannot hold; give"):
        in_virtual_time(Rig(max_cost=1).model.open())
    in_virtual_time(Rig(max_cost=1, price_in=1, price_out=2).model.open())


def now() -> float:
    return asyncio.get_running_loop().time()
