"""Chance: draws from containers, and random numbers."""

from __future__ import annotations

from ..containers import varied
from ..values import NOTHING_KNOWN, PROGRAMS, Value, join, marked
from .call import Call


def choice(call: Call) -> Value:
    """`random.choice(a)`."""
    found = call.run.heap.items(call.first)
    name = "pick" if call.run.heap.flat(found).has(*PROGRAMS) else "draw"
    return varied(found.plus(call.mark(name, call.run.called_from())), call.place)


def choices(call: Call) -> Value:
    """`random.choices(a, weights, k=n)` and `random.sample(a, n)`."""
    found = choice(call)
    weights = call.run.heap.flat(join(call.words.get("weights", NOTHING_KNOWN), *call.given[1:2]))
    if weights.has("value", "mean", "stale", "by_value"):
        is_program = call.run.heap.flat(found).has(*PROGRAMS)
        found = found.plus(call.mark("weighted" if is_program else "arm"))
    number = join(call.words.get("k", NOTHING_KNOWN), *call.given[1:2]).texts
    is_one = number == {1} or (not number and "k" not in call.words)
    return call.new(found if is_one else found.plus(call.mark("sample")))


def number(call: Call) -> Value:
    """`random.random()`."""
    return marked(call.mark("random"), call.mark("varies"))


def index(call: Call) -> Value:
    """`random.randrange(n)`: what may become an index, and so a draw."""
    return marked(call.mark("draw", call.run.called_from()), call.mark("varies"))


def beta(call: Call) -> Value:
    """`random.betavariate(a, b)`: a draw from a belief, if what was counted or valued goes into it."""
    learns = call.flat.has("stale", "count", "value", "by_value")
    return marked(call.mark("bound" if learns else "random"), call.mark("varies"))


def shuffle(call: Call) -> Value:
    """`random.shuffle(a)`."""
    for cell in call.run.heap.of(call.any_given):
        if call.run.heap.flat(cell.items).has(*PROGRAMS):
            cell.items = cell.items.plus(call.mark("pick", call.run.called_from()))
    return NOTHING_KNOWN
