"""Group commit: few transactions, nobody told too early, no failure lost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest

from selftaught.errors import StoreError
from selftaught.store.writer import Writer


class Ledger:
    """A place to write to that can be slow and can be told to fail."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.batches: list[list[int]] = []
        self.seconds = seconds
        self.failure: Exception | None = None
        self.open = threading.Event()
        self.open.set()

    def write(self, batch: Sequence[int]) -> None:
        assert self.open.wait(5)
        time.sleep(self.seconds)
        if self.failure is not None:
            raise self.failure
        self.batches.append(list(batch))

    @property
    def written(self) -> list[int]:
        return [change for batch in self.batches for change in batch]


def test_many_waiters_share_few_commits_and_each_sees_its_own() -> None:
    ledger = Ledger(seconds=0.005)
    writer = Writer(ledger.write)

    async def task(number: int) -> None:
        for step in range(10):
            writer.put(number * 10 + step)
            await asyncio.wrap_future(writer.committed())
            assert number * 10 + step in ledger.written

    async def all_tasks() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(task(number))

    asyncio.run(all_tasks())
    writer.close()
    assert sorted(ledger.written) == list(range(500))
    assert len(ledger.batches) < 100


def test_order_is_kept() -> None:
    ledger = Ledger()
    writer = Writer(ledger.write)
    for change in range(5000):
        writer.put(change)
    writer.close()
    assert ledger.written == list(range(5000))


def test_nothing_waits_for_ever_where_nobody_asks() -> None:
    ledger = Ledger()
    writer = Writer(ledger.write)
    writer.put(1)
    deadline = time.monotonic() + 5
    while not ledger.batches and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ledger.written == [1]
    writer.close()


def test_a_waiter_for_what_is_being_written_is_told_when_it_is() -> None:
    ledger = Ledger()
    ledger.open.clear()
    writer = Writer(ledger.write)
    writer.put(1)
    first = writer.committed()
    while writer._pending:
        time.sleep(0.001)
    second = writer.committed()
    assert not first.done()
    assert not second.done()
    ledger.open.set()
    second.result(5)
    assert ledger.batches == [[1]]
    writer.close()


def test_a_failure_reaches_all_who_wait_and_the_batch_is_tried_again_in_order() -> None:
    ledger = Ledger()
    ledger.failure = StoreError("full")
    writer = Writer(ledger.write)
    writer.put(1)
    for _ in range(2):
        with pytest.raises(StoreError, match="full"):
            writer.committed().result(5)
    writer.put(2)
    ledger.failure = None
    writer.committed().result(5)
    assert ledger.written == [1, 2]
    writer.close()


def test_a_failure_that_nobody_waited_for_surfaces_at_the_next_question() -> None:
    ledger = Ledger()
    ledger.failure = StoreError("full")
    writer = Writer(ledger.write)
    writer.put(1)
    time.sleep(0.4)
    with pytest.raises(StoreError, match="full"):
        writer.committed().result(5)
    with pytest.raises(StoreError, match="full"):
        writer.close()


def test_one_cancelled_waiter_does_not_disturb_the_others() -> None:
    ledger = Ledger()
    ledger.open.clear()
    writer = Writer(ledger.write)

    async def scene() -> None:
        writer.put(1)
        impatient = asyncio.wrap_future(writer.committed())
        patient = asyncio.wrap_future(writer.committed())
        impatient.cancel()
        ledger.open.set()
        await asyncio.wait_for(patient, 5)

    asyncio.run(scene())
    writer.close()


def test_nothing_to_write_starts_no_thread() -> None:
    before = threading.active_count()
    writer = Writer(Ledger().write)
    writer.committed().result(0)
    assert threading.active_count() == before
    writer.close()
