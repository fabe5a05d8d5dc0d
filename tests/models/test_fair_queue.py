"""The fair queue: nobody is lost or overtaken in its scope, and no level or scope waits for a whole other one."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.models.fair_queue import FairQueue, level_of

SCOPES = ["round-1", "round-2", *(f"round-1/search/dispatch/repeat-{number}" for number in range(4))]
PUTS = st.sampled_from(SCOPES)
STEPS = st.lists(st.one_of(PUTS, st.none()), max_size=200)
"""A scope puts an item; None takes one."""


@pytest.mark.parametrize(
    ("scope", "level"),
    [
        ("", 0),
        ("round-1", 0),
        ("improve", 0),
        ("round-1/search/dispatch/repeat-0", 1),
        ("test/maxcut/repeat-11", 1),
        ("round-1/search/repeat-0/repeat-1", 2),
        ("a task called repeat-me", 0),
    ],
)
def test_a_level_is_how_many_repeats_deep_a_scope_is(scope, level):
    assert level_of(scope) == level


@given(STEPS)
def test_every_item_comes_once_and_those_of_a_scope_in_order(steps):
    queue, waiting, number = FairQueue(), {scope: deque() for scope in SCOPES}, 0
    for scope in [*steps, *[None] * len(steps)]:
        if scope is not None:
            waiting[scope].append(number)
            queue.put(scope, (scope, number))
            number += 1
        elif queue:
            seen = queue.peek()
            from_scope, popped = queue.pop()
            assert seen == (from_scope, popped)
            assert waiting[from_scope].popleft() == popped
        assert bool(queue) == any(waiting.values())


@given(STEPS, st.integers(1, 60))
def test_a_lone_prompt_of_the_meta_level_is_behind_one_other_at_the_most(steps, n_downstream):
    queue = FairQueue()
    for scope in steps:
        if scope is not None and level_of(scope) == 1:
            queue.put(scope, scope)
        elif queue:
            queue.pop()
    for number in range(n_downstream):
        queue.put(SCOPES[2 + number % 4], "downstream")
    queue.put("round-1", "meta")
    assert "meta" in [queue.pop(), queue.pop()]


@given(st.lists(st.sampled_from(SCOPES[2:]), min_size=1, max_size=100))
def test_scopes_that_wait_get_as_many_turns_as_each_other(puts):
    queue, left = FairQueue(), {scope: puts.count(scope) for scope in SCOPES[2:]}
    turns = dict.fromkeys(SCOPES[2:], 0)
    for scope in puts:
        queue.put(scope, scope)
    while queue:
        scope = queue.pop()
        turns[scope] += 1
        left[scope] -= 1
        still = [turns[each] for each in turns if left[each]]
        assert not still or max(turns.values()) - min(still) <= 1


@given(st.lists(PUTS, min_size=1, max_size=60), st.data())
def test_one_that_waits_no_longer_is_gone_and_the_others_of_its_scope_keep_their_order(puts, data):
    gone = data.draw(st.sets(st.integers(0, len(puts) - 1)))
    queue = FairQueue()
    for number, scope in enumerate(puts):
        queue.put(scope, number)
    for number in gone:
        queue.remove(puts[number], number)
    order = drained(queue)
    for scope in SCOPES:
        left = [number for number, of in enumerate(puts) if of == scope and number not in gone]
        assert [number for number in order if puts[number] == scope] == left
    assert len(order) == len(puts) - len(gone)


def drained(queue):
    items = []
    while queue:
        items.append(queue.pop())
    return items


def test_who_does_not_wait_cannot_be_taken_or_removed():
    queue = FairQueue()
    for act in (queue.peek, queue.pop, lambda: queue.remove("a", 1)):
        with pytest.raises(LookupError):
            act()
    queue.put("a", 1)
    with pytest.raises(LookupError):
        queue.remove("a", 2)
    assert drained(queue) == [1]
