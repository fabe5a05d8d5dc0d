"""Containers that are made from others, and fields of objects that are read by name."""

from __future__ import annotations

from ..attributes import of_what_is_given
from ..containers import item, new_tuple, put
from ..values import NOTHING_KNOWN, Value, join
from .call import Call


def copy(call: Call) -> Value:
    """`list(a)`, `reversed(a)`: another container of the same."""
    run, source = call.run, call.first
    cells = run.heap.of(source)
    if not cells:
        return call.new(Value(source.marks))
    made = call.new(run.heap.items(source), *source.marks)
    for cell in run.heap.of(made):
        cell.is_sorted = cell.is_sorted or any(one.is_sorted for one in cells)
        cell.pushes |= {place for one in cells for place in one.pushes}
        for one in cells:
            for key, value in one.fields.items() if one.kind == "list" else ():
                cell.set(key, value)
    if source.sites & run.stored:
        run.stored |= made.sites
    return made


def same(call: Call) -> Value:
    """`copy.copy(a)`: as good as `a` itself."""
    return call.first


def dictionary(call: Call) -> Value:
    """`dict(a, x=y)`, where `a` is a dictionary, pairs, or (for `dict.fromkeys` and `Counter`) keys."""
    run, site = call.run, call.place
    made = call.new(join(*call.words.values()), kind="dict")
    for key, value in call.words.items():
        run.heap.make(site).set(key, value)
    for value in call.given:
        for cell in run.heap.of(value):
            inner = cell.items
            if cell.kind == "dict":
                put(run, site, cell.keys, inner, call.node)
            elif inner.sites:
                put(run, site, item(run, inner, 0, 0), item(run, inner, 1, 0), call.node)
            else:
                put(run, site, inner, NOTHING_KNOWN, call.node)
    return made


def default_dictionary(call: Call) -> Value:
    """`collections.defaultdict(list)`."""
    inner = NOTHING_KNOWN
    if call.first.names & {"builtins.list", "builtins.set", "builtins.dict"}:
        inner = new_tuple(call.run, call.node, ())
    elif call.first.functions:
        inner = call.run.call(call.first, [], {}, call.node)
    return call.new(inner, kind="dict")


def chain(call: Call) -> Value:
    """`itertools.chain(a, b)`."""
    return call.new(join(*(call.run.heap.items(value) for value in call.given)))


def first_few(call: Call) -> Value:
    """`itertools.islice(a, n)`."""
    is_sorted = any(cell.is_sorted for cell in call.run.heap.of(call.first))
    found = call.run.heap.items(call.first)
    return call.new(found.plus(call.mark("few")) if is_sorted else found)


def field(call: Call) -> Value:
    """`getattr(a, "x")`."""
    names = [text for text in call.second.texts if isinstance(text, str)]
    if len(names) == 1 and call.first.has("utility", "model"):
        return of_what_is_given(call.first, names[0], call.place)
    cells = call.run.heap.of(call.first)
    return join(*(cell.fields.get(name, NOTHING_KNOWN) for name in names for cell in cells))
