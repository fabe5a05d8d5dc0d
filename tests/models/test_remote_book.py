"""What a language model of a provider is not asked for, as it is in the book; also by a run that goes on."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.errors import LanguageModelError
from selftaught.ledger import Spending
from selftaught.models import Sample
from selftaught.models.provider import Fault

from .scripted_provider import (
    EMPTY,
    DictBook,
    Rig,
    came,
    fault,
    request_of,
    texts,
)
from .virtual_time import in_virtual_time


def test_the_same_request_in_flight_twice_is_asked_once_and_charged_once():
    async def twice():
        return await asyncio.gather(*(rig.model.answer(request_of(n=2)) for _ in range(2)))

    rig = Rig()
    first, second = in_virtual_time(twice())
    assert first.texts == second.texts
    assert (first.n_known, second.n_known) == (0, 2)
    assert (first.spending.tokens, second.spending.tokens) == (50, 0)
    assert len(rig.provider.asked) == 1


def test_the_same_request_again_is_free():
    rig = Rig()
    first = in_virtual_time(rig.model.answer(request_of("a", "b", n=3)))
    again = Rig(book=rig.book)
    second = in_virtual_time(again.model.answer(request_of("a", "b", n=3)))
    assert second.samples == first.samples
    assert (first.n_known, second.n_known) == (0, 6)
    assert second.spending == Spending()
    assert again.provider.asked == []


@pytest.mark.parametrize(
    "other",
    [
        {"rng_seed": 8}, {"max_output_tokens": 100}, {"reasoning_effort": "low"}, {"thinking_tokens": 5},
        {"request": request_of(scope="another")}, {"request": request_of(ordinal=1)},
        {"request": request_of(temperature=0.8)}, {"request": request_of("another")},
    ],
    ids=str,
)  # fmt: skip
def test_another_question_has_other_answers(other):
    rig = Rig()
    in_virtual_time(rig.model.answer(request_of()))
    request = other.pop("request", request_of())
    again = Rig(book=rig.book, **other)
    assert in_virtual_time(again.model.answer(request)).n_known == 0
    assert len(again.provider.asked) == 1


def test_only_what_is_missing_is_asked_for_and_ordinals_stay():
    rig = Rig()
    in_virtual_time(rig.model.answer(request_of(n=5)))
    [page] = rig.book.pages.values()
    kept = {ordinal: page[ordinal] for ordinal in (1, 4)}
    page.clear()
    page.update(kept)
    rig.book.exchanges.clear()  # as of a version that did not keep what was asked for
    again = Rig(book=rig.book)
    reply = in_virtual_time(again.model.answer(request_of(n=5)))
    new = [f"a message, exchange 0, sample {place}" for place in range(3)]
    assert reply.texts == [new[0], kept[1].text, new[1], new[2], kept[4].text]
    assert reply.n_known == 2
    assert [prompt.n_samples for prompt in again.provider.asked] == [3]
    assert again.provider.asked[0].rng_seed != rig.provider.asked[0].rng_seed


def test_where_another_process_was_faster_its_samples_stand():
    class Overtaken(DictBook):
        async def keep(self, key, samples, spending, reserved, asked=None):
            theirs = {number: Sample(text=f"theirs {number}") for number in (0, 2)}
            await super().keep(key, theirs, spending, reserved, asked)
            self.pages[key] = {**samples, **self.pages[key]}

    rig = Rig(lambda prompt, number: texts("ours 0", "ours 1"), book=Overtaken())
    first, again = (in_virtual_time(rig.model.answer(request_of(n=2))) for _ in range(2))
    assert first.texts == again.texts == ["theirs 0", "ours 1"]
    assert len(rig.provider.asked) == 1


class Killed(RuntimeError):
    """The engine is killed here."""


class DyingBook(DictBook):
    """Keeps so many exchanges; then the engine is dead, and nothing more is kept."""

    def __init__(self, n_kept):
        super().__init__()
        self.n_left = n_kept

    async def keep(self, *kept):
        if self.n_left == 0:
            raise Killed
        self.n_left -= 1
        await super().keep(*kept)


def by_chance(prompt, _):
    """Fewer samples than were asked for, some of them empty; it depends on nothing but the prompt."""
    chance = random.Random(prompt.rng_seed)
    return texts(*(chance.choice(["", f"text {chance.random()}"]) for _ in range(chance.randint(0, prompt.n_samples))))


def came_of(rig, request):
    try:
        return in_virtual_time(rig.model.answer(request)).texts
    except LanguageModelError as error:
        return str(error)


@pytest.mark.parametrize("n_kept", [0, 1, 2, 3, 5, 8])
def test_a_life_that_goes_on_asks_for_what_an_undisturbed_one_asks_for(n_kept):
    n_deaths = 0
    for scope in map(str, range(25)):
        request = request_of(n=5, scope=scope)
        undisturbed = Rig(by_chance)
        expected = came_of(undisturbed, request)
        first = Rig(by_chance, book=DyingBook(n_kept))
        try:
            assert came_of(first, request) == expected
        except Killed:
            n_deaths += 1
        first.book.n_left = -1
        second = Rig(by_chance, book=first.book)
        assert came_of(second, request) == expected
        asked = [(prompt.rng_seed, prompt.n_samples) for prompt in first.provider.asked[:] + second.provider.asked]
        assert set(asked) == {(prompt.rng_seed, prompt.n_samples) for prompt in undisturbed.provider.asked}
        in_flight = [prompt for prompt in asked if asked.count(prompt) > 1]
        assert len(asked) - len(set(asked)) <= 5, in_flight
    assert n_deaths > 10


def test_nobody_sees_a_sample_before_it_is_kept():
    class Slow(DictBook):
        async def keep(self, *kept):
            await asyncio.sleep(50)
            await super().keep(*kept)

    async def scenario():
        asking = asyncio.create_task(rig.model.answer(request_of()))
        await asyncio.sleep(50)
        assert not asking.done()
        assert rig.book.pages == {}
        await asking

    rig = Rig(book=Slow())
    in_virtual_time(scenario())
    assert len(rig.book.pages) == 1


SERVERS = st.fixed_dictionaries(
    {
        "n": st.integers(1, 6),
        "choices": st.lists(st.integers(0, 6), min_size=1, max_size=8),
        "empties": st.sets(st.integers(0, 30)),
        "faults": st.dictionaries(st.integers(0, 12), st.sampled_from([Fault.BUSY, Fault.DOWN, Fault.BROKEN])),
        "seconds": st.lists(st.floats(0.1, 5), min_size=1, max_size=8),
        "ended_after": st.floats(0, 20),
    }
)


@settings(deadline=None)
@given(SERVERS)
def test_whatever_comes_and_whenever_a_run_is_ended_no_sample_is_asked_for_once_it_is_kept(server):
    """Ended at any moment and begun again: what was kept is answered as it was, and nobody asks for it."""

    def script(prompt, number):
        if number in server["faults"]:
            return fault(server["faults"][number])
        n_choices = min(server["choices"][number % len(server["choices"])], prompt.n_samples)
        made = [f"{number}.{place}" for place in range(n_choices)]
        return came(*(EMPTY if number * 6 + place in server["empties"] else Sample(text=text)
                      for place, text in enumerate(made)))  # fmt: skip

    async def ended_early():
        asking = asyncio.create_task(rig.model.answer(request))
        await asyncio.sleep(server["ended_after"])
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await rig.model.close()

    request = request_of(n=server["n"])
    rig = Rig(script, seconds=server["seconds"][0])
    in_virtual_time(ended_early())
    kept = dict(next(iter(rig.book.pages.values()), {}))
    again = Rig(book=rig.book, seconds=server["seconds"][-1])
    if len(kept) == server["n"] and set(kept.values()) == {EMPTY}:
        with pytest.raises(LanguageModelError, match="answered with nothing"):
            in_virtual_time(again.model.answer(request))
        assert again.provider.asked == []
        return
    reply = in_virtual_time(again.model.answer(request))
    assert len(reply.samples) == server["n"]
    assert {ordinal: reply.samples[ordinal] for ordinal in kept} == kept
    assert reply.n_known == len(kept)
    assert sum(prompt.n_samples for prompt in again.provider.asked) == server["n"] - len(kept)
