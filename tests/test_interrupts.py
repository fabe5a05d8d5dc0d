"""The first interrupt waits for what is in flight, the second does not, and nothing new begins in between."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from selftaught.interrupts import Interrupted, in_flight, run_until_interrupted, under_way


@pytest.fixture
def log():
    return []


async def piece(log, name, seconds=0.0):
    async with in_flight():
        log.append(f"{name} begins")
        await asyncio.sleep(seconds)
        log.append(f"{name} ends")


async def interrupt_soon(*numbers, seconds=0.05):
    for number in numbers:
        await asyncio.sleep(seconds)
        os.kill(os.getpid(), number)


async def beside(interrupts, *work):
    async with asyncio.TaskGroup() as group:
        for coroutine in (interrupts, *work):
            group.create_task(coroutine)


def test_work_that_nobody_interrupts_gives_its_result(log):
    async def work():
        await piece(log, "one")
        return 7

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert run_until_interrupted(work()) == 7
    assert log == ["one begins", "one ends"]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_outside_of_it_work_is_just_done(log):
    asyncio.run(piece(log, "one"))
    assert log == ["one begins", "one ends"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_lets_what_is_in_flight_end_and_nothing_begin(log, number):
    async def two_after_another():
        await piece(log, "one", 0.3)
        await piece(log, "two")

    told = []
    with pytest.raises(Interrupted):
        run_until_interrupted(
            beside(interrupt_soon(number), two_after_another()), on_first=lambda: told.append(list(log))
        )
    assert log == ["one begins", "one ends"]
    assert told == [["one begins"]]


def test_it_does_not_wait_longer_than_it_may(log):
    with pytest.raises(Interrupted):
        run_until_interrupted(beside(interrupt_soon(signal.SIGINT), piece(log, "one", 1000)), grace_seconds=0.1)
    assert log == ["one begins"]


def test_one_that_comes_while_things_are_tidied_up_breaks_nothing_off(log):
    async def tidy():
        try:
            await piece(log, "one", 1000)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0.05)
            log.append("tidy")

    with pytest.raises(Interrupted):
        run_until_interrupted(beside(interrupt_soon(signal.SIGINT), tidy()), grace_seconds=0.0)
    os.kill(os.getpid(), signal.SIGTERM)
    assert log == ["one begins", "tidy"]


def test_the_second_does_not_wait(log):
    with pytest.raises(Interrupted):
        run_until_interrupted(
            beside(interrupt_soon(signal.SIGINT, signal.SIGTERM), piece(log, "one", 1000)), grace_seconds=1000
        )
    assert log == ["one begins"]


def test_an_interrupt_names_the_runs_that_it_ended(log):
    async def runs():
        with under_way("r-0", "resume r-0"):
            pass
        with under_way("r-1", "resume r-1"), under_way("r-2", None):
            await piece(log, "one", 1000)

    with pytest.raises(Interrupted) as interrupted:
        run_until_interrupted(beside(interrupt_soon(signal.SIGINT), runs()), grace_seconds=0.0)
    assert interrupted.value.runs == ["r-1", "r-2"]
    assert interrupted.value.resumes == {"r-0": "resume r-0", "r-1": "resume r-1"}


def test_a_run_that_is_under_way_twice_is_one_run_until_it_has_ended(log):
    async def resumed():
        with under_way("r-1", "resume r-1"):
            with under_way("r-1", "resume r-1"):
                pass
            await piece(log, "one", 1000)

    with pytest.raises(Interrupted) as interrupted:
        run_until_interrupted(beside(interrupt_soon(signal.SIGINT), resumed()), grace_seconds=0.0)
    assert interrupted.value.runs == ["r-1"]


def test_who_cleans_up_may_take_its_time(log):
    async def careful():
        try:
            await piece(log, "one", 1000)
        finally:
            await asyncio.sleep(0.1)
            log.append("clean")

    with pytest.raises(Interrupted):
        run_until_interrupted(beside(interrupt_soon(signal.SIGINT), careful()), grace_seconds=0.0)
    assert log == ["one begins", "clean"]


def test_a_failure_comes_out_as_it_is():
    async def fails():
        raise ValueError("so it is")

    with pytest.raises(ValueError, match="so it is"):
        run_until_interrupted(fails())


def test_a_signal_that_is_ignored_stays_so(log):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run_until_interrupted(beside(interrupt_soon(signal.SIGINT), piece(log, "one", 0.2)))
    finally:
        signal.signal(signal.SIGINT, before)
    assert log == ["one begins", "one ends"]
