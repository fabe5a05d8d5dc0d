"""A language model whose provider fails or is slow: who waits, who is told, and what ends the run."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from selftaught.errors import LanguageModelError, LanguageModelUnavailable
from selftaught.models import CallFailed
from selftaught.models.provider import Fault

from .scripted_provider import (
    EMPTY,
    Rig,
    came,
    fault,
    in_turn,
    numbered,
    request_of,
)
from .virtual_time import in_virtual_time


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
    with pytest.raises(LanguageModelUnavailable, match=r"waits 100 s at the most \(--outage-seconds\), and the"):
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
    assert type(raised.value) is CallFailed
    assert len(rig.provider.asked) == 1


def test_one_deadline_holds_for_all_attempts():
    rig = Rig(in_turn(fault(Fault.BROKEN, "half an answer"), 1000.0), call_seconds=30)
    with pytest.raises(LanguageModelError, match="took too long: no whole answer within"):
        in_virtual_time(rig.model.answer(request_of()))
    first, second = rig.provider.asked
    assert first.seconds == 30
    assert second.seconds == pytest.approx(30 - rig.provider.asked_at[1])


def test_a_message_that_fails_does_not_lose_what_others_brought():
    def script(prompt, number):
        return fault(Fault.REJECTED, "no") if prompt.message == "a" else numbered(prompt, number)

    rig = Rig(script, seconds=1.0)
    with pytest.raises(LanguageModelError, match="rejected the request: no"):
        in_virtual_time(rig.model.answer(request_of("a", "b", "c")))
    assert len(rig.book.pages) == 2


def test_what_ends_the_run_goes_before_what_the_improver_is_told():
    def script(prompt, number):
        return fault(Fault.REJECTED) if prompt.message == "a" else fault(Fault.KEY, "it has expired")

    rig = Rig(script)
    with pytest.raises(LanguageModelUnavailable, match="does not serve with this key"):
        in_virtual_time(rig.model.answer(request_of("a", "b")))


def test_answers_that_are_none_are_told_to_the_improver_after_a_few():
    rig = Rig(lambda prompt, number: fault(Fault.BROKEN, "half an answer"))
    with pytest.raises(LanguageModelError, match="sent 5 answers that are none: half an answer") as raised:
        in_virtual_time(rig.model.answer(request_of()))
    assert raised.value.retryable
    assert type(raised.value) is CallFailed
    assert rig.told == []


def test_pauses_grow():
    rig = Rig(lambda prompt, number: fault(Fault.DOWN), seconds=0.0, outage_seconds=1000)
    with pytest.raises(LanguageModelUnavailable):
        in_virtual_time(rig.model.answer(request_of()))
    gaps = [later - earlier for earlier, later in itertools.pairwise(rig.provider.asked_at)]
    for number, gap in enumerate(gaps[:-1]):
        assert min(2**number, 30) / 2 <= gap <= min(2**number, 30) + 0.1


def test_an_outage_does_not_count_as_time_of_the_call_and_what_comes_after_does():
    rig = Rig(lambda prompt, number: fault(Fault.DOWN) if now() < 300 else 1000.0, call_seconds=20, outage_seconds=1000)
    with pytest.raises(LanguageModelError, match="took too long: no whole answer within 20 s") as raised:
        in_virtual_time(rig.model.answer(request_of()))
    assert type(raised.value) is CallFailed
    assert rig.provider.asked[-1].seconds == 20


def test_a_request_that_fails_while_others_are_answered_is_told_to_its_improver():
    async def scenario():
        failing = asyncio.create_task(rig.model.answer(request_of("poison")))
        for ordinal in range(100):
            await rig.model.answer(request_of("fine", ordinal=ordinal))
        return await asyncio.gather(failing, return_exceptions=True)

    rig = Rig(
        lambda prompt, number: fault(Fault.DOWN, "500") if prompt.message == "poison" else numbered(prompt, number),
        call_seconds=40,
    )
    [ended] = in_virtual_time(scenario())
    assert type(ended) is CallFailed
    assert str(ended) == "the language model took too long: 500 (--call-seconds)"


def test_one_deadline_holds_for_top_ups_too():
    """Each exchange takes 10 s and brings one sample: after 25 s there is no time for the third."""
    rig = Rig(lambda prompt, number: came(EMPTY), seconds=10.0, call_seconds=25)
    with pytest.raises(LanguageModelError, match="took too long"):
        in_virtual_time(rig.model.answer(request_of()))
    assert [prompt.seconds for prompt in rig.provider.asked] == pytest.approx([25, 15, 5])


def test_waiting_for_a_turn_does_not_count_as_time_of_the_call():
    async def scenario():
        return await asyncio.gather(*(rig.model.answer(request_of(scope=f"repeat-{n}")) for n in range(10)))

    rig = Rig(seconds=10.0, concurrency=1, call_seconds=15)
    assert len(in_virtual_time(scenario())) == 10


@pytest.mark.parametrize("kind", [Fault.KEY, Fault.DOWN])
def test_when_a_provider_is_given_up_nobody_goes_on_asking(kind):
    """Many at once: those in flight find out for themselves, the others are not asked for any more."""

    async def at_once():
        requests = (request_of("a", "b", n=2, scope=f"repeat-{number}") for number in range(50))
        ended = await asyncio.gather(*map(rig.model.answer, requests), return_exceptions=True)
        return {(type(end), str(end)) for end in ended}, now()

    rig = Rig(lambda prompt, number: fault(kind), seconds=0.5, outage_seconds=100, concurrency=4)
    ends, at = in_virtual_time(at_once())
    assert {kind for kind, _ in ends} == {LanguageModelUnavailable}
    assert len(ends) == 1
    assert at <= (1 if kind is Fault.KEY else 102)
    assert kind is not Fault.KEY or len(rig.provider.asked) == 4


def test_a_provider_that_was_given_up_can_be_asked_again():
    rig = Rig(lambda prompt, number: fault(Fault.DOWN) if number < 3 else numbered(prompt, number), outage_seconds=1)

    async def twice():
        with pytest.raises(LanguageModelUnavailable):
            await rig.model.answer(request_of())
        return await rig.model.answer(request_of())

    assert in_virtual_time(twice()).texts == ["a message, exchange 3, sample 0"]


def test_no_patience_at_all_ends_the_run_at_the_first_fault():
    rig = Rig(lambda prompt, number: fault(Fault.DOWN), outage_seconds=0)
    with pytest.raises(LanguageModelUnavailable):
        in_virtual_time(rig.model.answer(request_of()))
    assert len(rig.provider.asked) == 1


def test_what_a_provider_says_is_safe_to_show_and_short():
    said = "\x1b]0;title\x07 no\nsuch " + "x" * 5000
    rig = Rig(in_turn(fault(Fault.REJECTED, said)))
    with pytest.raises(LanguageModelError) as raised:
        in_virtual_time(rig.model.answer(request_of()))
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 400


def now() -> float:
    return asyncio.get_running_loop().time()
