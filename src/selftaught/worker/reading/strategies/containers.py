"""Containers: what is known of an element, by index, by slice or in turn, and of what is put into one.

Above it stand the modules for each kind of expression and statement; it needs `texts` and the dry run's state.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .dry_run import DryRun
from .texts import as_program
from .values import PROGRAMS, Mark, Value, join

PASSED_ON = (
    *("pick", "draw", "weighted", "best", "arm", "few", "beam", "cell", "pop", "pushed", "part", "new", "hint"),
    "varies",
)
"""The marks of a container that hold for what is taken out of it by an index or key."""
OF_AN_INDEX = ("varies", "arm", "best", "pick", "draw", "hint", "stale")
"""The marks of an index or key that hold for what it takes out."""

# ---------------------------------------------------------------- new ones


def new(run: DryRun, node: ast.AST, items: Value, *marks: Mark, kind: str = "list") -> Value:
    """A container that is made at `node`."""
    site = run.place(node)
    run.heap.make(site, kind).add(items)
    return Value(frozenset(marks), sites=frozenset((site,)))


def new_tuple(run: DryRun, node: ast.AST, parts: Iterable[Value]) -> Value:
    """A tuple that a function makes at `node`; its site is beside that of the node's own result."""
    site = -1 - run.place(node)
    cell = run.heap.make(site)
    for index, part in enumerate(parts):
        cell.set(index, part)
    return Value(sites=frozenset((site,)))


# ---------------------------------------------------------------- what is taken out


def element(run: DryRun, source: Value, place: int, *, varies: bool) -> Value:
    """What is known of one element of a container that is gone through.

    Args:
        varies: Whether it is one after the other, and not all at once.
    """
    found = run.heap.items(source)
    if not run.heap.of(source):
        found = Value(source.minus("few", "sample").marks)
    found = found.minus("sample")
    if found.has("few"):
        found = found.plus(Mark("beam", place))
    pushes = sorted(place for cell in run.heap.of(source) for place in cell.pushes)
    if varies and pushes and run.heap.flat(found).has(*PROGRAMS):
        found = found.plus(Mark("each", place), Mark("each", pushes[0]))
    if source.has("tree"):
        found = found.plus(Mark("part", place))
    if found.has("piece"):
        found = found.minus("piece").plus(Mark("part", place))
    return varied(found, place) if varies else found


def varied(found: Value, place: int) -> Value:
    """The same value as one that is another each time."""
    texts = {text for text in found.texts if isinstance(text, str) and text.strip()}
    if len(texts) > 1:
        found = found.plus(Mark("hint", place))
    return found.plus(Mark("varies", place))


def item(run: DryRun, base: Value, index: object, place: int) -> Value:
    """What is known of the element at an index, or under a key, that is a constant."""
    cells = run.heap.of(base)
    if not cells:
        return Value(base.marks)
    found = join(*(cell.fields.get(index, cell.items) for cell in cells))
    found = found.plus(*base.of(*PASSED_ON)).minus("sample")
    if base.has("varies"):
        found = varied(found, place)
    flat = run.heap.flat(found)
    is_sorted = any(cell.is_sorted for cell in cells)
    if is_sorted and index in (0, -1) and flat.has(*PROGRAMS):
        found = found.plus(Mark("best", place))
    if flat.has(*PROGRAMS) and (flat.has("few", "pick") or is_sorted):
        found = found.minus("at").plus(Mark("at", min(base.sites), index if isinstance(index, int) else 0))
    return found


def subscript(run: DryRun, node: ast.Subscript, base: Value) -> Value:
    """What is known of `base[…]`."""
    if isinstance(node.slice, ast.Slice):
        return _slice(run, node, node.slice, base)
    index = run.flat(node.slice)
    constant = _constant(node.slice)
    if base.has("fence") and not base.sites:
        # What stands before the first fence is no program, what stands after one is.
        return base.minus("fence") if constant == 0 else as_program(base)
    if not run.heap.of(base):
        return Value(base.marks).plus(*index.of("varies"))
    if constant is not None:
        return item(run, base, constant, run.place(node))
    return _computed_item(run, node, base, index)


def _computed_item(run: DryRun, node: ast.Subscript, base: Value, index: Value) -> Value:
    for site in sorted(base.sites) if index.has(*PROGRAMS) else ():
        run.looked.append(Mark("member", run.place(node), site))
    found = run.heap.contents(base).plus(*base.of(*PASSED_ON))
    found = found.plus(*index.of(*OF_AN_INDEX)).minus("sample")
    if run.heap.flat(found).has(*PROGRAMS) and index.has("draw"):
        found = found.plus(*(Mark("pick", mark.place, mark.extra) for mark in index.of("draw")))
    if found.has("few") and index.has("varies"):
        found = found.plus(Mark("beam", run.place(node)))
    if found.has("piece") and index.has("varies"):
        found = found.plus(Mark("part", run.place(node)))
    return varied(found, run.place(node)) if index.has("varies", "draw", "arm") else found


def _constant(node: ast.expr) -> int | str | None:
    match node:
        case ast.Constant(value=int(value) | str(value)):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
    return None


def _slice(run: DryRun, node: ast.Subscript, part: ast.Slice, base: Value) -> Value:
    cells = run.heap.of(base)
    if not cells or any(cell.kind == "object" for cell in cells):
        return Value(run.heap.flat(base).marks)
    place = run.place(node)
    found = run.heap.contents(base)
    is_sorted = any(cell.is_sorted for cell in cells)
    is_one = part.upper is not None and _constant(part.upper) == 1
    if is_sorted:
        found = found.plus(Mark("best" if is_one else "few", place))
    elif run.heap.flat(found).has("pick"):
        found = found.minus("at").plus(Mark("at", place, place))
    made = run.heap.make(place)
    made.add(found)
    made.is_sorted = is_sorted
    made.pushes |= {push for cell in cells for push in cell.pushes}
    return Value(base.of(*PASSED_ON), sites=frozenset((place,)))


def taken_off(run: DryRun, base: Value, node: ast.AST) -> Value:
    """What is known of what `base.pop()` or the like takes off."""
    found = run.heap.items(base).minus("sample")
    pushes = {place for cell in run.heap.of(base) for place in cell.pushes}
    if pushes and run.loops and run.heap.flat(found).has(*PROGRAMS):
        found = found.plus(Mark("pop", run.place(node)), *(Mark("pushed", place) for place in sorted(pushes)[:3]))
    return found


# ---------------------------------------------------------------- what is put in


def add(run: DryRun, base: Value, value: Value, node: ast.AST) -> None:
    """Nothing; a list, set or queue may hold `value` from now on."""
    flat = run.heap.flat(value)
    if flat.has(*PROGRAMS) and run.everywhere().has("distance"):
        run.show("diversity", run.place(node), *(mark.place for mark in run.everywhere().of("distance")))
    for site in sorted(base.sites):
        cell = run.heap.make(site)
        cell.add(value)
        if flat.has(*PROGRAMS):
            cell.pushes.add(run.place(node))
            run.stored.add(site)
        elif value.has("initial"):
            run.stored.add(site)


def put(run: DryRun, site: int, key: Value, value: Value, node: ast.AST) -> None:
    """Nothing; a dictionary may hold `value` under `key` from now on."""
    cell = run.heap.make(site, "dict")
    flat, is_program = run.heap.flat(key), run.heap.flat(value).has(*PROGRAMS)
    if flat.has("feature") and is_program and run.loops:
        value = value.plus(Mark("cell", run.place(node)))
    if flat.has(*PROGRAMS) or key.has("initial"):
        run.stored.add(site)
    cell.add(value)
    cell.keys = join(cell.keys, key)
    if is_program or flat.has(*PROGRAMS):
        cell.pushes.add(run.place(node))


def set_item(run: DryRun, target: ast.Subscript, base: Value, value: Value) -> None:
    """Nothing; after `base[…] = value`, it may hold that."""
    if isinstance(target.slice, ast.Slice):
        for cell in run.heap.of(base):
            cell.add(run.heap.items(value))
        return
    key = run.value(target.slice)
    constant = _constant(target.slice)
    for site in sorted(base.sites):
        if constant is not None:
            run.heap.make(site, "dict").set(constant, value)
        put(run, site, key, value, target)
