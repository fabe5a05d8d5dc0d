"""Going through containers: with another, with a number, with a function, in pairs, up to the first that fits."""

from __future__ import annotations

import ast

from ..containers import element
from ..values import NOTHING_KNOWN, PROGRAMS, Mark, Value, join, marked
from .call import Call


def zipped(call: Call) -> Value:
    """`zip(a, b)`; where both are the same programs, the second begun later, each is a certain one."""
    run = call.run
    parts = [_pieces(call, value) for value in call.given]
    of_programs = [value for value in call.given if run.heap.flat(value).has(*PROGRAMS)]
    if len(of_programs) > 1 and _are_shifted(call.node):
        parts = [part.plus(call.mark("at", index)) for index, part in enumerate(parts)]
    return call.new_of_tuples(*parts, marks=call.any_given.of("varies"))


def _pieces(call: Call, value: Value) -> Value:
    found = call.run.heap.items(value)
    return found.minus("piece").plus(Mark("part")) if found.has("piece") else found


def _are_shifted(node: ast.AST) -> bool:
    """Whether `zip(x, x[1:])` or the like pairs the members of one list."""
    if not isinstance(node, ast.Call):
        return False
    roots = {ast.unparse(one.value if isinstance(one, ast.Subscript) else one) for one in node.args[:2]}
    return len(roots) == 1 and any(isinstance(one, ast.Subscript) for one in node.args)


def enumerated(call: Call) -> Value:
    """`enumerate(a)`."""
    return call.new_of_tuples(marked(call.mark("varies")), _pieces(call, call.first))


def numbers(call: Call) -> Value:
    """`range(n)`."""
    flat = call.flat
    return call.new(marked(call.mark("varies")), *flat.of("budget"))


def mapped(call: Call) -> Value:
    """`map(f, a)`."""
    elements = [element(call.run, value, call.place, varies=True) for value in call.given[1:]]
    return call.new(call.run.call(call.first, elements, {}, call.node))


def filtered(call: Call) -> Value:
    """`filter(f, a)`."""
    found = call.run.heap.items(call.second)
    test = call.run.heap.flat(call.run.call(call.first, [found], {}, call.node))
    return call.new(found.plus(*(Mark("new", mark.place, mark.extra) for mark in test.of("member"))))


def following(call: Call) -> Value:
    """`next(a, default)`."""
    return join(element(call.run, call.first, call.place, varies=True), *call.given[1:2])


def pairs(call: Call) -> Value:
    """`itertools.combinations(a, 2)`, `itertools.product(a, b)`: in pairs of programs, each is a certain one."""
    flat = call.run.heap.flat
    sources = [call.run.heap.items(value) for value in call.given if value.sites] or [NOTHING_KNOWN]
    both = [sources[0], sources[-1]]
    if all(flat(part).has(*PROGRAMS) for part in both):
        both = [part.minus("at").plus(call.mark("at", index)) for index, part in enumerate(both)]
    return call.new_of_tuples(*both, marks=frozenset((call.mark("varies"),)))
