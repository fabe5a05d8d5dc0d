"""Numbers: of texts and containers, of other numbers, and of the clock."""

from __future__ import annotations

from ..operators import root
from ..values import PROGRAMS, Value, marked
from .call import Call


def measure(call: Call, source: Value) -> Value:
    """A number that says something about a text; or how many there are in a container."""
    flat = call.run.heap.flat(source)
    if source.has(*PROGRAMS, "initial", "counted") or (flat.has("piece", "part") and flat.has(*PROGRAMS)):
        return marked(call.mark("feature"), call.mark("varies"))
    return marked(call.mark("len"), *flat.of("budget"))


def length(call: Call) -> Value:
    """`len(a)`."""
    return measure(call, call.any_given)


def total(call: Call) -> Value:
    """`sum(a)`: of numbers that a program's text is gone through for, it tells something of the program."""
    if call.any_given.has("counted"):
        return marked(call.mark("feature"), call.mark("varies"))
    return Value(call.flat.minus(*PROGRAMS).marks)


def converted(call: Call) -> Value:
    """`int(a)`, `round(a)`, `str(a)`."""
    return Value(call.flat.marks, texts=call.any_given.texts)


def exp(call: Call) -> Value:
    """`math.exp(a)`."""
    return call.flat.plus(call.mark("exp"))


def log(call: Call) -> Value:
    """`math.log(a)`."""
    return call.flat.plus(call.mark("log"))


def sqrt(call: Call) -> Value:
    """`math.sqrt(a)`."""
    return root(call.flat, call.place)


def mean(call: Call) -> Value:
    """`statistics.mean(a)`."""
    flat = call.flat
    return flat.plus(call.mark("mean")) if flat.has("value", "by_value", "stale") else flat


def clock(call: Call) -> Value:
    """`time.monotonic()`."""
    return marked(call.mark("budget"))
