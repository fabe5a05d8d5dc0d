"""One computation for each key, whoever asks, waits or gives up."""

from __future__ import annotations

import asyncio

import pytest

from selftaught.single_flight import SingleFlight


def counted(result: object, *, started: list[object], gate: asyncio.Event | None = None):
    async def compute() -> object:
        started.append(result)
        if gate is not None:
            await gate.wait()
        return result

    return compute


def test_askers_at_the_same_time_and_later_share_one_computation():
    async def scenario() -> None:
        flight, started, gate = SingleFlight(n_kept=8), [], asyncio.Event()
        asking = [asyncio.create_task(flight.get("a", counted(1, started=started, gate=gate))) for _ in range(3)]
        await asyncio.sleep(0)
        gate.set()
        assert await asyncio.gather(*asking) == [1, 1, 1]
        assert await flight.get("a", counted(2, started=started)) == 1
        assert started == [1]

    asyncio.run(scenario())


def test_other_keys_are_computed_on_their_own():
    async def scenario() -> None:
        flight, started = SingleFlight(n_kept=8), []
        assert [await flight.get(key, counted(key, started=started)) for key in "aba"] == ["a", "b", "a"]
        assert started == ["a", "b"]

    asyncio.run(scenario())


def test_the_first_asker_may_be_cancelled_while_others_wait():
    async def scenario() -> None:
        flight, started, gate = SingleFlight(n_kept=8), [], asyncio.Event()
        first, second = (asyncio.create_task(flight.get("a", counted(1, started=started, gate=gate))) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        gate.set()
        assert await second == 1
        assert started == [1]

    asyncio.run(scenario())


def test_what_nobody_waits_for_any_more_is_given_up_and_computed_anew_for_the_next():
    async def scenario() -> None:
        flight, started, gate = SingleFlight(n_kept=8), [], asyncio.Event()
        asking = [asyncio.create_task(flight.get("a", counted(1, started=started, gate=gate))) for _ in range(2)]
        await asyncio.sleep(0)
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert await flight.get("a", counted(2, started=started)) == 2
        assert started == [1, 2]

    asyncio.run(scenario())


def test_closing_waits_for_what_was_given_up():
    async def scenario() -> None:
        flight, ended = SingleFlight(n_kept=8), []

        async def ends_slowly() -> None:
            try:
                await asyncio.sleep(1000)
            finally:
                await asyncio.sleep(0.01)
                ended.append(1)

        asking = asyncio.create_task(flight.get("a", ends_slowly))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert ended == []
        await flight.close()
        assert ended == [1]

    asyncio.run(scenario())


def test_a_failure_comes_out_for_everyone():
    async def scenario() -> None:
        flight = SingleFlight(n_kept=8)

        async def fail() -> None:
            await asyncio.sleep(0)
            raise ValueError("no result")

        results = await asyncio.gather(*(flight.get("a", fail) for _ in range(2)), return_exceptions=True)
        assert [str(result) for result in results] == ["no result", "no result"]

    asyncio.run(scenario())


def test_after_closing_nothing_is_under_way():
    async def scenario() -> None:
        flight, gate = SingleFlight(n_kept=8), asyncio.Event()
        asking = asyncio.create_task(flight.get("a", counted(1, started=[], gate=gate)))
        await asyncio.sleep(0)
        await flight.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(scenario())


def test_a_flight_that_keeps_nothing_shares_only_among_those_who_wait():
    async def scenario() -> None:
        flight, started, gate = SingleFlight(n_kept=0), [], asyncio.Event()
        asking = [asyncio.create_task(flight.get("a", counted(1, started=started, gate=gate))) for _ in range(2)]
        await asyncio.sleep(0)
        gate.set()
        assert await asyncio.gather(*asking) == [1, 1]
        assert await flight.get("a", counted(2, started=started)) == 2
        assert started == [1, 2]

    asyncio.run(scenario())


def test_one_that_is_given_up_does_not_end_the_next_of_its_key():
    async def scenario() -> None:
        flight, started, gate = SingleFlight(n_kept=0), [], asyncio.Event()
        first = asyncio.create_task(flight.get("a", counted(1, started=started, gate=gate)))
        await asyncio.sleep(0)
        first.cancel()
        second = asyncio.create_task(flight.get("a", counted(2, started=started, gate=gate)))
        await asyncio.gather(first, return_exceptions=True)
        third = asyncio.create_task(flight.get("a", counted(3, started=started, gate=gate)))
        await asyncio.sleep(0)
        gate.set()
        assert await asyncio.gather(second, third) == [2, 2]

    asyncio.run(scenario())


def test_the_results_that_were_asked_for_last_are_kept():
    async def scenario() -> None:
        flight, started = SingleFlight(n_kept=2), []
        for key in "abac":
            assert await flight.get(key, counted(key, started=started)) == key
        assert started == ["a", "b", "c"]
        for key in "acb":
            assert await flight.get(key, counted(key, started=started)) == key
        assert started == ["a", "b", "c", "b"]

    asyncio.run(scenario())


def test_what_is_under_way_is_shared_however_many_others_end():
    async def scenario() -> None:
        flight, started, gate = SingleFlight(n_kept=1), [], asyncio.Event()
        first = asyncio.create_task(flight.get("slow", counted("slow", started=started, gate=gate)))
        await asyncio.sleep(0)
        for key in "abc":
            await flight.get(key, counted(key, started=started))
        second = asyncio.create_task(flight.get("slow", counted("slow", started=started, gate=gate)))
        await asyncio.sleep(0)
        gate.set()
        assert await asyncio.gather(first, second) == ["slow", "slow"]
        assert started == ["slow", "a", "b", "c"]

    asyncio.run(scenario())
