"""What everything that keeps answers keeps to."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from selftaught.errors import StoreError
from selftaught.ledger import NOTHING, Spending, spending_document
from selftaught.models import Finish, Request, Sample
from selftaught.models.answer_book import NoBook, Owed, answer_key
from selftaught.models.stored_answers import StoreAnswerBook
from selftaught.store import ImprovementRecord, JournalEntry, ModelCallRecord, RunStart, Store
from selftaught.store.clock import now

KEY, OTHER_KEY = "a" * 64, "b" * 64
NASTY = "\x00 \ud800 \x1b[31m " * 200


@pytest.fixture
def store(path):
    with Store.open(path, clock=now) as opened:
        for run_id in ("r-1", "r-2"):
            opened.start_run(RunStart(run_id=run_id, config={}))
        opened.flush()
        yield opened


@pytest.fixture
def book(store) -> StoreAnswerBook:
    return StoreAnswerBook(store, "r-1", "openai:x")


def samples(*texts: str, first: int = 0, finish: Finish = Finish.COMPLETE) -> dict[int, Sample]:
    return {first + number: Sample(text=text, finish=finish) for number, text in enumerate(texts)}


def test_nothing_is_known_before_it_is_kept(book):
    for empty in (NoBook(), book):
        assert asyncio.run(empty.known(KEY)) == {}


def test_no_book_keeps_nothing():
    asyncio.run(NoBook().keep(KEY, samples("x"), NOTHING, {}))
    assert asyncio.run(NoBook().known(KEY)) == {}


def test_what_exchanges_asked_for_comes_back_but_for_those_that_failed(store, book):
    assert asyncio.run(NoBook().asked(KEY)) == ()
    assert asyncio.run(book.asked(KEY)) == []
    asyncio.run(book.keep(KEY, samples("x"), NOTHING, {}, {0: False, 1: True, 2: False}))
    asyncio.run(book.keep(KEY, {}, Spending(tokens_in=1), {}, None))
    asyncio.run(StoreAnswerBook(store, "r-2", "openai:x").keep(KEY, {}, NOTHING, {}, {1: True}))
    asyncio.run(book.keep(OTHER_KEY, {}, NOTHING, {}, {3: True}))
    assert asyncio.run(book.asked(KEY)) == [{0: False, 1: True, 2: False}, {1: True}]


@pytest.mark.parametrize("altered", ["5", "[]", '{"first": true}'])
def test_what_exchanges_asked_for_and_was_altered_is_one_sentence(path, store, book, altered):
    asyncio.run(book.keep(KEY, samples("x"), NOTHING, {}, {0: False}))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE exchanges SET asked = ?", (altered,))
    with pytest.raises(StoreError, match="the table exchanges holds what selftaught did not write"):
        asyncio.run(book.asked(KEY))


def test_samples_come_back_as_they_were_by_key_and_ordinal(book):
    asyncio.run(book.keep(KEY, samples("one", NASTY, first=3), NOTHING, {}))
    asyncio.run(book.keep(KEY, samples("", finish=Finish.REFUSED), NOTHING, {}))
    asyncio.run(book.keep(OTHER_KEY, samples("cut", finish=Finish.CUT_OFF), NOTHING, {}))
    assert asyncio.run(book.known(KEY)) == {
        0: Sample(text="", finish=Finish.REFUSED), 3: Sample(text="one"), 4: Sample(text=NASTY),
    }  # fmt: skip
    assert asyncio.run(book.known(OTHER_KEY)) == samples("cut", finish=Finish.CUT_OFF)


def test_what_is_kept_is_durable_when_keep_returns(book, path):
    async def keep_and_look():
        await book.keep(KEY, samples("x"), Spending(tokens_in=3, cost_usd=0.5), {})
        with Store.open(path, read_only=True, clock=now) as other:
            return await StoreAnswerBook(other, "r-2", "openai:x").known(KEY), other.spent("r-1")

    assert asyncio.run(keep_and_look()) == (samples("x"), Spending(tokens_in=3, cost_usd=0.5))


def test_what_came_to_nothing_is_spent_all_the_same(book, store):
    asyncio.run(book.keep(KEY, {}, Spending(tokens_in=7, n_unpriced=1), {}))
    asyncio.run(book.keep(KEY, {}, Spending(tokens_in=7, seconds=0.25), {}))
    assert asyncio.run(book.known(KEY)) == {}
    assert store.spent("r-1") == Spending(tokens_in=14, n_unpriced=1, seconds=0.25)
    assert store.spent("r-2") == NOTHING
    assert {(record.model, record.key) for record in store.exchanges("r-1")} == {("openai:x", KEY)}


def test_of_two_processes_that_keep_the_same_sample_the_first_wins_for_both(book, path):
    with Store.open(path, clock=now) as other_store:
        other = StoreAnswerBook(other_store, "r-2", "openai:x")
        asyncio.run(other.keep(KEY, samples("theirs"), NOTHING, {}))
        asyncio.run(book.keep(KEY, samples("ours", "new"), NOTHING, {}))
        assert asyncio.run(book.known(KEY)) == asyncio.run(other.known(KEY)) == samples("theirs", "new")


def test_many_keep_at_once_and_each_finds_its_own(book):
    async def at_once():
        await asyncio.gather(*(book.keep(KEY, samples(f"{n}", first=n), NOTHING, {}) for n in range(200)))
        return await book.known(KEY)

    assert asyncio.run(at_once()) == {n: Sample(text=f"{n}") for n in range(200)}


def test_a_run_that_wants_fresh_answers_finds_its_own_only(book, store):
    asyncio.run(book.keep(KEY, samples("old"), NOTHING, {}))
    fresh = StoreAnswerBook(store, "r-2", "openai:x", fresh=True)
    assert asyncio.run(fresh.known(KEY)) == {}
    asyncio.run(fresh.keep(KEY, samples("new"), Spending(tokens_in=1), {}))
    resumed = StoreAnswerBook(store, "r-2", "openai:x", fresh=True)
    assert asyncio.run(resumed.known(KEY)) == samples("new")
    assert asyncio.run(book.known(KEY)) == samples("old")
    assert store.spent("r-2") == Spending(tokens_in=1)


def call_of(run_id: str, key: str | None) -> ModelCallRecord:
    return ModelCallRecord(
        run_id=run_id, model="openai:x", request_sha256=KEY, ordinal=0, expertise="e", message="m", temperature=0.5,
        n_responses=1, answers=["x"], key=key,
    )  # fmt: skip


@pytest.mark.parametrize("fresh", [False, True])
def test_what_an_earlier_life_paid_for_is_owed_once_by_the_call_that_asks(store, fresh):
    first = StoreAnswerBook(store, "r-1", "openai:x", fresh=fresh)
    asyncio.run(first.keep(KEY, samples("a"), Spending(tokens_in=1), {}))
    asyncio.run(first.keep(KEY, samples("b", first=2), Spending(tokens_in=2, cost_usd=0.5), {}))
    asyncio.run(first.keep(OTHER_KEY, samples("c"), Spending(tokens_in=4), {}))
    store.add_model_call(call_of("r-1", OTHER_KEY))
    store.add_model_call(call_of("r-2", KEY))
    store.flush()
    assert asyncio.run(first.owed(KEY)) == Owed(), "it is of this life"
    second = StoreAnswerBook(store, "r-1", "openai:x", fresh=fresh, goes_on=True)
    owed = asyncio.run(second.owed(KEY))
    assert (owed.spending, set(owed.ordinals)) == (Spending(tokens_in=3, cost_usd=0.5), {0, 2})
    assert asyncio.run(second.owed(KEY)) == Owed()
    assert not asyncio.run(second.owed(OTHER_KEY)).ordinals, "a call has it"
    assert asyncio.run(second.owed("c" * 64)).spending == NOTHING
    assert asyncio.run(StoreAnswerBook(store, "r-2", "openai:x", goes_on=True).owed(KEY)).spending == NOTHING


def test_what_a_call_that_failed_was_charged_is_not_owed(store):
    first = StoreAnswerBook(store, "r-1", "openai:x")
    asyncio.run(first.keep(KEY, {}, Spending(tokens_in=1), {}))
    program = store.add_program("x", "improver")
    store.start_improvement(
        ImprovementRecord(
            id="i", run_id="r-1", path="p", improver=program, task="t", split="validation", initial=program
        )
    )
    failed = JournalEntry(
        run_id="r-1", improvement_id="i", sequence=0, method="PromptRequest", request={}, response={},
        spent={**spending_document(Spending(tokens_in=1)), "model": "m", "keys": [OTHER_KEY]},
    )  # fmt: skip
    store.add_journal_entry(failed)
    second = StoreAnswerBook(store, "r-1", "openai:x", goes_on=True)
    store.flush()
    assert asyncio.run(second.owed(KEY)).spending == Spending(tokens_in=1), "the call that failed was another"
    store.add_journal_entry(replace(failed, sequence=1, spent={**failed.spent, "keys": [OTHER_KEY, KEY]}))
    store.flush()
    third = StoreAnswerBook(store, "r-1", "openai:x", goes_on=True)
    assert asyncio.run(third.owed(KEY)).spending == NOTHING
    assert [call.improvement_id for call in store.failed_calls("r-1")] == ["i", "i"]
    assert store.failed_calls("r-1", "another") == store.failed_calls("r-2") == []


def test_what_is_reserved_may_be_paid_until_it_is_kept_or_settled(store, book):
    worst = Spending(tokens_in=10, tokens_out=90, cost_usd=0.25)
    kept, settled, cut_off = (asyncio.run(book.reserve(worst)) for _ in range(3))
    assert store.uncounted("r-1") == replace(worst + worst + worst, n_unpriced=3)
    asyncio.run(book.keep(KEY, samples("x"), Spending(tokens_in=3), {kept: True}))
    book.settle(settled)
    assert store.uncounted("r-1") == replace(worst, n_unpriced=1)
    assert [record.id for record in store.reservations("r-1") if not record.is_counted] == [cut_off]
    assert store.uncounted("r-2") == NOTHING
    asyncio.run(book.keep(OTHER_KEY, {}, Spending(n_unpriced=1), {cut_off: False}))
    assert store.uncounted("r-1") == worst, "it stays reserved, and the exchange says that its cost is not known"
    assert len(store.exchanges("r-1")) == 2, "nothing was paid for what was settled"


def test_who_is_cancelled_while_it_reserves_leaves_nothing_reserved(store, book):
    async def scenario():
        reserving = asyncio.create_task(book.reserve(Spending(tokens_in=10)))
        await asyncio.sleep(0)
        reserving.cancel()
        await asyncio.gather(reserving, return_exceptions=True)
        return reserving.cancelled()

    assert asyncio.run(scenario())
    assert len(store.reservations("r-1")) == 1
    assert store.uncounted("r-1") == NOTHING


def test_no_book_owes_anything():
    assert asyncio.run(NoBook().owed(KEY)) == Owed()


def test_what_cannot_be_written_is_no_answer(store):
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        asyncio.run(StoreAnswerBook(store, "r-none", "openai:x").keep(KEY, samples("x"), NOTHING, {}))
    with pytest.raises(StoreError):
        store.close()


def request_of(**changes) -> Request:
    given = {"expertise": "e", "messages": ("m",), "n_responses": 2, "temperature": 0.5, "scope": "s", "ordinal": 0}
    return Request(**{**given, **changes})


def test_a_key_is_of_all_that_decides_the_answer():
    keys = [
        answer_key("x", 0, request_of(), 0),
        answer_key("y", 0, request_of(), 0),
        answer_key("x", 1, request_of(), 0),
        answer_key("x", 0, request_of(), 1),
        *(
            answer_key("x", 0, request_of(**changes), 0)
            for changes in (
                {"expertise": "f"}, {"messages": ("n",)}, {"n_responses": 3}, {"temperature": 0.6}, {"scope": "t"},
                {"ordinal": 1},
            )
        ),
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)
    assert answer_key("x", 0, request_of(), 0) == keys[0]
