"""A language model of a provider: the samples for a request and their order, against a scripted provider."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.errors import LanguageModelError
from selftaught.models import Finish, Sample
from selftaught.models.prompts import ANSWER_FORMAT, expertise_sent

from .scripted_provider import (
    COUNTED,
    EMPTY,
    Rig,
    ScriptedProvider,
    came,
    in_turn,
    numbered,
    request_of,
    texts,
)
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


REFUSED = Sample(text="", finish=Finish.REFUSED)
CUT_OFF = Sample(text="half of", finish=Finish.CUT_OFF)


def test_an_empty_sample_is_asked_for_again():
    rig = Rig(in_turn(came(Sample(text="first"), EMPTY, Sample(text="third"))))
    reply = in_virtual_time(rig.model.answer(request_of(n=3)))
    assert reply.texts == ["first", "a message, exchange 1, sample 0", "third"]
    assert [prompt.n_samples for prompt in rig.provider.asked] == [3, 1]


@pytest.mark.parametrize("bad", [EMPTY, REFUSED], ids=["empty", "refused"])
def test_one_that_stays_so_is_marked_and_kept(bad):
    rig = Rig(in_turn(came(Sample(text="first"), bad), came(bad), came(bad)))
    reply = in_virtual_time(rig.model.answer(request_of(n=2)))
    assert reply.samples == (Sample(text="first"), bad)
    assert len(rig.provider.asked) == 3
    [page] = rig.book.pages.values()
    assert page == {0: Sample(text="first"), 1: bad}
    assert in_virtual_time(rig.model.answer(request_of(n=2))).samples == reply.samples
    assert len(rig.provider.asked) == 3


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (REFUSED, "^the language model refused to answer, also when asked again$"),
        (
            EMPTY,
            "^the language model answered with nothing, also when asked again; one that thinks may need more tokens",
        ),
        (Sample(text=" \n\t"), "answered with nothing"),
        (Sample(text="", finish=Finish.CUT_OFF), "answered with nothing"),
        (Sample(text="Sorry, no.", finish=Finish.REFUSED), "refused to answer"),
    ],
    ids=["refused", "empty", "blank", "cut off before a word", "refused with a text"],
)
def test_a_message_without_a_usable_sample_is_an_error_for_the_improver_now_and_when_read_again(bad, says):
    rig = Rig(lambda prompt, number: came(*[bad] * prompt.n_samples))
    for _ in range(2):
        with pytest.raises(LanguageModelError, match=says) as raised:
            in_virtual_time(rig.model.answer(request_of(n=2)))
        assert not raised.value.retryable
        assert len(rig.provider.asked) == 5
    assert rig.ledger.spent.tokens == 5 * COUNTED.tokens


def test_choices_that_never_come_are_empty_samples():
    rig = Rig(lambda prompt, number: came())
    with pytest.raises(LanguageModelError, match="answered with nothing"):
        in_virtual_time(rig.model.answer(request_of(n=3)))
    assert [prompt.n_samples for prompt in rig.provider.asked] == [3, *[1] * 9]


def test_a_cut_off_answer_keeps_its_text_and_its_mark():
    rig = Rig(in_turn(came(CUT_OFF)))
    assert in_virtual_time(rig.model.answer(request_of())).samples == (CUT_OFF,)


def test_more_samples_than_were_asked_for_are_not_taken():
    rig = Rig(in_turn(texts("a", "b", "c")))
    assert in_virtual_time(rig.model.answer(request_of(n=2))).texts == ["a", "b"]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4), min_size=1, max_size=5),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
    st.integers(1, 5),
)
def test_answers_are_in_the_order_of_the_messages_however_long_each_takes(calls, n, random, concurrency):
    class Uneven(ScriptedProvider):
        async def complete(self, prompt):
            self.seconds = random.uniform(0, 10)
            return await super().complete(prompt)

    async def at_once():
        requests = [request_of(*messages, n=n, scope=f"repeat-{number}") for number, messages in enumerate(calls)]
        return await asyncio.gather(*map(rig.model.answer, requests))

    def script(prompt, number):
        return texts(*[f"to {prompt.message}"] * random.randint(1, prompt.n_samples))

    rig = Rig(script, concurrency=concurrency, provider_class=Uneven)
    for messages, reply in zip(calls, in_virtual_time(at_once()), strict=True):
        assert reply.texts == [f"to {message}" for message in messages for _ in range(n)]


def test_the_engine_says_how_to_answer_and_the_reply_has_what_was_said():
    rig = Rig()
    request = request_of()
    reply = in_virtual_time(rig.model.answer(request))
    assert {prompt.expertise for prompt in rig.provider.asked} == {reply.system_message}
    assert reply.system_message == expertise_sent(request.expertise)
    assert request.expertise in reply.system_message
    assert ANSWER_FORMAT in reply.system_message
    known = in_virtual_time(rig.model.answer(request))
    assert (known.n_known, known.system_message) == (len(known.samples), reply.system_message)
