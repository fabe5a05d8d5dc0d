"""A language model of a provider: samples, orders, books, faults, time and money, against a scripted provider."""

from __future__ import annotations

import asyncio
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.errors import ConfigError, LanguageModelError, LanguageModelUnavailable, RunBudgetExceeded
from selftaught.ledger import NOTHING, Ledger, RunBudget, Spending
from selftaught.models import CallFailed, Finish, Reply, Sample
from selftaught.models.prompts import ANSWER_FORMAT, expertise_sent
from selftaught.models.provider import Completion, Fault

from .scripted_provider import (
    COUNTED,
    DictBook,
    Rig,
    ScriptedProvider,
    fault,
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


# ---------------------------------------------------------------- samples that are empty, refused or cut off

EMPTY = Sample(text="", finish=Finish.EMPTY)
REFUSED = Sample(text="", finish=Finish.REFUSED)
CUT_OFF = Sample(text="half of", finish=Finish.CUT_OFF)


def came(*samples):
    return Completion(samples=samples, spending=COUNTED)


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


# ---------------------------------------------------------------- the book of answers


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


# ---------------------------------------------------------------- what is spent


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


# ---------------------------------------------------------------- faults and time


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
