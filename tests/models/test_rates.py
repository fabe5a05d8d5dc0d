"""Limits: in no minute more than may be taken, and no longer a wait than that needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.models.rates import MINUTE_SECONDS, Concurrency, MinuteLimit

AMOUNTS = st.lists(st.tuples(st.floats(0.1, 40), st.floats(0, 30)), min_size=1, max_size=60)
"""Each amount, and how long after the one before somebody wants it."""


def most_in_a_minute(taken):
    """The largest sum within 60 seconds, wherever they begin."""
    return max(sum(amount for amount, at in taken if start <= at < start + MINUTE_SECONDS - 1e-6) for _, start in taken)


@given(AMOUNTS)
def test_no_minute_has_more_than_the_limit(wanted):
    limit, now, taken = MinuteLimit(100), 0.0, []
    for amount, gap in wanted:
        now += gap
        now += limit.wait_seconds(amount, now)
        assert limit.wait_seconds(amount, now + 1e-6) == 0
        limit.take(amount, now + 1e-6)
        taken.append((amount, now + 1e-6))
    assert most_in_a_minute(taken) <= 100 + 1e-3


@given(AMOUNTS)
def test_a_wait_is_no_longer_than_it_must_be(wanted):
    limit, now, taken = MinuteLimit(100), 0.0, []
    for amount, gap in wanted:
        now += gap
        wait = limit.wait_seconds(amount, now)
        if wait > 1e-3:
            earlier = now + wait - 1e-3
            still = sum(each for each, at in taken if at + MINUTE_SECONDS > earlier)
            assert still + amount > 100 - 1e-3
        now += wait + 1e-6
        limit.take(amount, now)
        taken.append((amount, now))


@given(AMOUNTS, st.lists(st.floats(0, 60), min_size=60, max_size=60))
def test_corrected_amounts_count_as_corrected(wanted, corrections):
    limit, now, taken = MinuteLimit(100), 0.0, []
    for (amount, gap), correction in zip(wanted, corrections, strict=False):
        now += gap
        now += limit.wait_seconds(amount, now) + 1e-6
        within = sum(each for each, at in taken if now - MINUTE_SECONDS < at)
        assert within + amount <= 100 + 1e-3
        limit.correct(limit.take(amount, now), correction)
        taken.append((correction, now))


def test_a_correction_of_what_is_over_changes_nothing():
    limit = MinuteLimit(10)
    old = limit.take(5, 0.0)
    assert limit.wait_seconds(10, 60.0) == 0
    limit.correct(old, 1000)
    assert limit.wait_seconds(10, 60.0) == 0


def test_what_is_beyond_the_limit_waits_for_an_empty_minute():
    limit = MinuteLimit(10)
    assert limit.wait_seconds(25, 0.0) == 0
    limit.take(25, 0.0)
    assert limit.wait_seconds(1, 1.0) == 59.0
    assert limit.wait_seconds(25, 60.0) == 0


def test_without_a_limit_nobody_waits():
    limit = MinuteLimit(None)
    for _ in range(100):
        limit.correct(limit.take(1e9, 0.0), 1e12)
    assert limit.wait_seconds(1e9, 0.0) == 0


# ---------------------------------------------------------------- concurrency


def test_a_refusal_halves_what_is_in_flight_once_for_all_that_were_there():
    concurrency = Concurrency(16)
    for _ in range(10):
        concurrency.slow_down(12, began=0.0, now=5.0)
    assert concurrency.now == 6
    concurrency.slow_down(6, began=5.0, now=6.0)
    assert concurrency.now == 3


def test_it_grows_by_one_for_as_many_answers_as_are_in_flight():
    concurrency = Concurrency(5)
    concurrency.slow_down(5, began=0.0, now=1.0)
    grown = []
    for _ in range(20):
        concurrency.speed_up()
        grown.append(concurrency.now)
    assert grown[:9] == [2, 3, 3, 3, 4, 4, 4, 4, 5]
    assert max(grown) == 5


@given(st.integers(1, 50), st.lists(st.one_of(st.none(), st.integers(1, 50)), max_size=200))
def test_it_stays_between_one_and_the_most(most, events):
    concurrency = Concurrency(most)
    for number, n_in_flight in enumerate(events):
        if n_in_flight is None:
            concurrency.speed_up()
        else:
            concurrency.slow_down(min(n_in_flight, concurrency.now), began=float(number), now=float(number))
        assert 1 <= concurrency.now <= most


def test_the_first_refusal_counts_however_early():
    concurrency = Concurrency(8)
    concurrency.slow_down(8, began=-5.0, now=-4.0)
    assert concurrency.now == pytest.approx(4)
