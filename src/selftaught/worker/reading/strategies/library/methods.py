"""Methods of containers and texts, by what they do; and the functions of `heapq`, which do the same to lists."""

from __future__ import annotations

import ast

from ..containers import OF_AN_INDEX, add, put, taken_off
from ..texts import written
from ..values import NOTHING_KNOWN, PROGRAMS, Mark, Value, join
from .call import Call
from .choosing import chosen_by, orders_by_value
from .numbers import measure

# ---------------------------------------------------------------- put in and taken out


def append(call: Call) -> Value:
    """`a.append(x)`, `a.insert(0, x)`: the last argument is put in."""
    for value in call.given[-1:]:
        add(call.run, call.called, value, call.node)
    return NOTHING_KNOWN


def extend(call: Call) -> Value:
    """`a.extend(b)`, `a.update(b)`: all that is in the arguments is put in."""
    run = call.run
    for value in call.given:
        for cell in run.heap.of(value):
            if cell.kind == "dict":
                for site in call.called.sites:
                    put(run, site, cell.keys, cell.items, call.node)
            else:
                add(run, call.called, run.heap.items(value), call.node)
    return NOTHING_KNOWN


def get(call: Call) -> Value:
    """`a.get(key, default)`."""
    base, cells = call.called, call.run.heap.of(call.called)
    if not cells:
        return Value(base.marks)
    key = call.run.heap.flat(call.first)
    found = join(*(cell.whole() for cell in cells), *call.given[1:2])
    if key.has(*PROGRAMS):
        found = found.plus(*(call.mark("member", site) for site in base.sites))
    return found.plus(*key.of(*OF_AN_INDEX))


def setdefault(call: Call) -> Value:
    """`a.setdefault(key, default)`."""
    for site in call.called.sites:
        put(call.run, site, call.first, call.second, call.node)
    return join(*(cell.items for cell in call.run.heap.of(call.called)))


def pop(call: Call) -> Value:
    """`a.pop()`."""
    return taken_off(call.run, call.called, call.node)


def heap_push(call: Call) -> Value:
    """`heapq.heappush(a, x)`."""
    if len(call.given) > 1:
        add(call.run, call.given[0], call.given[1], call.node)
    return NOTHING_KNOWN


def heap_pop(call: Call) -> Value:
    """`heapq.heappop(a)`."""
    return taken_off(call.run, call.first, call.node)


# ---------------------------------------------------------------- looked at


def items(call: Call) -> Value:
    """`a.items()`."""
    return call.new_of_tuples(_keys(call), call.run.heap.contents(call.called))


def values(call: Call) -> Value:
    """`a.values()`."""
    return call.new(call.run.heap.contents(call.called))


def keys(call: Call) -> Value:
    """`a.keys()`."""
    return call.new(_keys(call))


def most_common(call: Call) -> Value:
    """`collections.Counter(a).most_common(n)`."""
    return call.new_of_tuples(_keys(call).plus(call.mark("few")), NOTHING_KNOWN)


def _keys(call: Call) -> Value:
    return join(*(cell.keys for cell in call.run.heap.of(call.called)))


def sort(call: Call) -> Value:
    """`a.sort(key=f)`."""
    cells = call.run.heap.of(call.called)
    by_value = orders_by_value(call, call.run.heap.items(call.called))
    for cell in cells:
        cell.is_sorted = cell.is_sorted or by_value
    return NOTHING_KNOWN


def count(call: Call) -> Value:
    """`a.count(x)`."""
    return measure(call, call.called)


def index(call: Call) -> Value:
    """`a.index(x)`: where `x` is the largest of values, that is a choice."""
    return chosen_by(call.run.heap.flat(join(call.called, *call.given)), NOTHING_KNOWN, call.place)


def same(call: Call) -> Value:
    """`a.strip()`, `a.copy()`: what comes out is what it is called on."""
    return Value(call.called.marks, sites=call.called.sites, texts=call.called.texts)


# ---------------------------------------------------------------- texts


def join_texts(call: Call) -> Value:
    """`a.join(b)`: several in one text are together, and no longer one after the other."""
    text = written(call.run, call.given, call.node)
    together = [Mark("together", mark.place) for mark in text.of("beam", "few", "each")]
    return Value(text.minus("part", "piece", "new", "beam", "each").plus(*together).marks)


def format_text(call: Call) -> Value:
    """`a.format(x, y=z)`."""
    parts = (Value(call.called.marks), *call.given, *call.words.values())
    return Value(written(call.run, parts, call.node).marks, texts=call.called.texts)


def split(call: Call) -> Value:
    """`a.split(b)`: at fences it takes an answer apart, by anything but white space a program."""
    separators = {text for value in call.given for text in value.texts if isinstance(text, str)}
    flat = call.run.heap.flat(call.called)
    if any("```" in text for text in separators):
        return flat.plus(call.mark("fence"))
    if flat.has(*PROGRAMS, "initial") and (separators or _is_splitlines(call.node)):
        flat = flat.plus(call.mark("piece"))
    return call.new(flat)


def _is_splitlines(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "splitlines"
