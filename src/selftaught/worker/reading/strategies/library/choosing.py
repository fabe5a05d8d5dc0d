"""Choosing: the largest or smallest, the few largest, all in order; what they are compared by tells what it is."""

from __future__ import annotations

from ..values import NOTHING_KNOWN, PROGRAMS, Mark, Value, join
from .call import Call


def _order(call: Call, found: Value) -> Value:
    """What is known of what elements are compared by: the `key` of them, or themselves."""
    key = call.words.get("key")
    return call.run.heap.flat(found if key is None else call.run.call(key, [found], {}, call.node))


def orders_by_value(call: Call, found: Value) -> bool:
    """Whether elements are compared by values."""
    return _order(call, found).has("value", "mean")


def chosen_by(order: Value, found: Value, place: int) -> Value:
    """What is chosen by `order`, with the mark of how."""
    if order.has("bound") or (order.has("mean") and not found.has(*PROGRAMS)):
        return found.plus(Mark("arm", place), Mark("varies", place))
    return found.minus("each", "beam").plus(Mark("best", place)) if order.has("value", "mean") else found


def extreme(call: Call) -> Value:
    """`max(a, key=f)`, `max(x, y)`; `min` likewise, for values may be negated."""
    if len(call.given) > 1:
        order = _order(call, call.any_given) if "key" in call.words else NOTHING_KNOWN
        return chosen_by(order, call.any_given, call.place)
    found = call.run.heap.items(call.any_given).minus("sample")
    order = _order(call, found)
    is_program = call.run.heap.flat(found).has(*PROGRAMS, "initial") or "key" in call.words
    chosen = chosen_by(order, found, call.place) if is_program else found
    return join(chosen, call.words.get("default", NOTHING_KNOWN))


def in_order(call: Call) -> Value:
    """`sorted(a, key=f)`."""
    found = call.run.heap.items(call.first)
    order = _order(call, found)
    made = call.new(found)
    for cell in call.run.heap.of(made):
        cell.is_sorted = cell.is_sorted or order.has("value", "mean")
        if order.has("bound"):
            cell.items = cell.items.plus(call.mark("arm"))
    return made


def several_extremes(call: Call) -> Value:
    """`heapq.nlargest(n, a, key=f)`."""
    found = call.run.heap.items(call.second)
    if orders_by_value(call, found):
        found = found.plus(call.mark("best" if call.first.texts == {1} else "few"))
    return call.new(found)


def index_of_extreme(call: Call) -> Value:
    """`numpy.argmax(a)`."""
    return chosen_by(call.flat, NOTHING_KNOWN, call.place)
