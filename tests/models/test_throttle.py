"""Who may ask when: limits, pauses for all, fairness between levels; seen from a provider, in virtual time."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.ledger import Spending
from selftaught.models.provider import Fault
from selftaught.models.throttle import MOST_A_TURN

from .scripted_provider import Rig, ScriptedProvider, fault, in_turn, numbered, request_of, texts
from .virtual_time import in_virtual_time

DOWNSTREAM = "round-1/search/dispatch/repeat-{}"


async def all_answers(rig, requests):
    return await asyncio.gather(*(rig.model.answer(request) for request in requests))


def downstream(n, *, per_scope=1, **more):
    return [
        request_of(scope=DOWNSTREAM.format(number), ordinal=ordinal, **more)
        for ordinal in range(per_scope)
        for number in range(n)
    ]


def most_in_a_minute(times, amounts=None):
    pairs = list(zip(times, amounts or [1] * len(times), strict=True))
    return max(sum(amount for at, amount in pairs if start <= at < start + 60 - 1e-6) for start in times)


def test_no_more_requests_are_in_flight_than_may_be():
    rig = Rig(concurrency=3)
    in_virtual_time(all_answers(rig, downstream(20)))
    assert rig.provider.most_in_flight == 3
    assert len(rig.provider.asked) == 20


def test_of_many_that_may_begin_at_once_a_few_begin_in_one_turn_of_the_loop():
    async def scenario():
        def tick():
            begun.append(len(rig.provider.asked))
            if begun[-1] < 500:
                asyncio.get_running_loop().call_soon(tick)

        tick()
        await all_answers(rig, downstream(500))

    begun = []
    rig = Rig(concurrency=500)
    in_virtual_time(scenario())
    assert max(later - earlier for earlier, later in itertools.pairwise(begun)) <= MOST_A_TURN
    assert set(rig.provider.asked_at) == {0}
    assert rig.provider.most_in_flight == 500


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 40), st.integers(1, 60), st.floats(0.01, 20), st.integers(1, 16))
def test_no_minute_has_more_requests_than_the_limit(limit, n_requests, seconds, concurrency):
    rig = Rig(seconds=seconds, requests_per_minute=limit, concurrency=concurrency)
    in_virtual_time(all_answers(rig, downstream(n_requests)))
    assert len(rig.provider.asked) == n_requests
    assert most_in_a_minute(rig.provider.asked_at) <= limit


def test_requests_that_are_tried_again_count_too():
    rig = Rig(in_turn(*[fault(Fault.BROKEN)] * 3), requests_per_minute=2)
    in_virtual_time(all_answers(rig, downstream(3)))
    assert len(rig.provider.asked) == 6
    assert most_in_a_minute(rig.provider.asked_at) <= 2


def test_tokens_are_learned_so_no_minute_has_more_than_the_limit():
    """Each sample is 100 tokens long where 1,000 are guessed at first; later ones are let through ten times as fast."""
    counted = Spending(tokens_in=20, tokens_out=100)
    rig = Rig(lambda prompt, number: texts("an answer", spending=counted), tokens_per_minute=1200, concurrency=1)
    in_virtual_time(all_answers(rig, downstream(60)))
    times = rig.provider.asked_at
    assert most_in_a_minute(times, [120] * len(times)) <= 1200
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len([gap for gap in gaps if gap < 2]) > 45


def test_a_provider_that_asks_for_patience_is_left_alone_by_all():
    rig = Rig(
        lambda prompt, number: fault(Fault.BUSY, retry_after_seconds=40.0) if number == 3 else numbered(prompt, number),
        concurrency=4, seconds=1.0,
    )  # fmt: skip
    in_virtual_time(all_answers(rig, downstream(30)))
    times = rig.provider.asked_at
    assert not [at for at in times if 1.0 < at < 41.0]
    assert len(times) == 31
    assert rig.told == [
        "scripted:m (http://localhost:1/v1) has asked for patience since 14:00:01, and for 40 s more (a fault); "
        "waiting until 15:00:01 at the most. Ctrl-C is safe: the same command with --rng-seed 7 goes on from the "
        "answers that have come",
        None,
    ]


def test_who_waits_is_told_so_until_the_wait_is_over_though_others_are_answered_meanwhile():
    told_at = []

    def script(prompt, number):
        return fault(Fault.BUSY, retry_after_seconds=40.0) if number == 0 else numbered(prompt, number)

    class Uneven(ScriptedProvider):
        async def complete(self, prompt):
            self.seconds = 1.0 if not self.asked else 5.0
            return await super().complete(prompt)

    rig = Rig(script, concurrency=3, provider_class=Uneven)
    rig.on_told = lambda sentence: told_at.append((asyncio.get_running_loop().time(), sentence is None))
    in_virtual_time(all_answers(rig, downstream(6)))
    assert told_at == [(1.0, False), (pytest.approx(41.0, abs=0.01), True)]


def test_patience_asked_for_beyond_what_the_run_may_wait_ends_it_at_once():
    rig = Rig(in_turn(fault(Fault.BUSY, "the quota of the day is used up", retry_after_seconds=86_400.0)))
    with pytest.raises(
        Exception, match=r"and for 86400 s more \(the quota of the day is used up\); the run waits 3600 s"
    ):
        in_virtual_time(rig.model.answer(request_of()))
    assert rig.told == []


def test_after_a_refusal_fewer_are_in_flight_and_slowly_more_again():
    in_flight = []

    def script(prompt, number):
        in_flight.append(rig.provider.n_in_flight + 1)
        return fault(Fault.BUSY) if in_flight[-1] > 8 else numbered(prompt, number)

    rig = Rig(script, concurrency=16)
    in_virtual_time(all_answers(rig, downstream(400)))
    assert max(in_flight[:16]) == 16
    refused = [number for number, count in enumerate(in_flight) if count > 8]
    # Not one refusal for each answer: it settles around what the provider takes.
    assert len(refused) < 40
    assert sum(in_flight[100:]) / len(in_flight[100:]) > 4


def test_while_the_provider_is_away_few_look_whether_it_is_back():
    def script(prompt, number):
        n_at_once.append(rig.provider.n_in_flight + 1)
        return fault(Fault.DOWN) if asyncio.get_running_loop().time() < 300 else numbered(prompt, number)

    n_at_once: list[int] = []
    rig = Rig(script, concurrency=16)
    in_virtual_time(all_answers(rig, downstream(100)))
    in_outage = [count for count, at in zip(n_at_once, rig.provider.asked_at, strict=True) if 1 < at < 300]
    assert max(in_outage) <= 2
    assert len(in_outage) < 40
    assert rig.provider.most_in_flight == 16
    assert rig.provider.asked_at[-1] < 300 + 30 + 100 / 16 + 30


def test_who_looks_whether_it_is_back_and_has_to_wait_for_the_answer_does_not_hold_up_all_others():
    """After the outage an answer takes ten minutes: the others do not wait for the first one to come."""

    def script(prompt, number):
        return fault(Fault.DOWN) if asyncio.get_running_loop().time() < 60 else numbered(prompt, number)

    class Back(ScriptedProvider):
        async def complete(self, prompt):
            self.seconds = 0.1 if asyncio.get_running_loop().time() < 60 else 500.0
            return await super().complete(prompt)

    rig = Rig(script, concurrency=4, provider_class=Back)
    in_virtual_time(all_answers(rig, downstream(4)))
    assert len([at for at in rig.provider.asked_at if 60 <= at < 60 + 3 * 30]) == 4


def test_a_meta_level_prompt_is_not_behind_hundreds_of_downstream_ones():
    async def scenario():
        many = asyncio.create_task(all_answers(rig, downstream(100, per_scope=4)))
        await asyncio.sleep(10.5)
        began = asyncio.get_running_loop().time()
        await rig.model.answer(request_of(scope="round-1"))
        waited = asyncio.get_running_loop().time() - began
        await many
        return waited

    rig = Rig(concurrency=2)
    # At the most: until a place is free, one other before it, and itself.
    assert in_virtual_time(scenario()) <= 3.1
    assert rig.provider.asked_at[-1] > 190


def test_an_improvement_with_many_prompts_does_not_hold_up_one_with_few():
    async def scenario():
        many = asyncio.create_task(all_answers(rig, downstream(1, per_scope=50)))
        await asyncio.sleep(0.5)
        began = asyncio.get_running_loop().time()
        await all_answers(rig, [request_of(scope=DOWNSTREAM.format(9), ordinal=ordinal) for ordinal in range(3)])
        waited = asyncio.get_running_loop().time() - began
        await many
        return waited

    rig = Rig(concurrency=1)
    assert in_virtual_time(scenario()) <= 7.1


def test_who_is_cancelled_while_waiting_leaves_no_trace():
    async def scenario():
        asking = [asyncio.create_task(rig.model.answer(request)) for request in downstream(20)]
        await asyncio.sleep(0.5)
        for task in asking[2:18]:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        return await rig.model.answer(request_of())

    rig = Rig(concurrency=2)
    in_virtual_time(scenario())
    assert len(rig.provider.asked) == 5
    assert rig.provider.asked_at[-1] == pytest.approx(2, abs=0.1)


def test_who_is_cancelled_in_flight_makes_room():
    async def scenario():
        first = asyncio.create_task(rig.model.answer(request_of(scope="a")))
        second = asyncio.create_task(rig.model.answer(request_of(scope="b")))
        await asyncio.sleep(0.5)
        first.cancel()
        await second

    rig = Rig(concurrency=1)
    in_virtual_time(scenario())
    assert rig.provider.asked_at == [0, 0.5]


def test_who_is_cancelled_in_the_moment_of_its_turn_makes_room():
    async def scenario():
        first, second, third = (asyncio.create_task(rig.model.answer(request_of(scope=name))) for name in "abc")

        def cancel(_):
            second.cancel()

        first.add_done_callback(cancel)
        await asyncio.gather(first, second, third, return_exceptions=True)
        return first, second, third

    rig = Rig(concurrency=1)
    first, second, third = in_virtual_time(scenario())
    assert (first.cancelled(), second.cancelled(), third.cancelled()) == (False, True, False)
