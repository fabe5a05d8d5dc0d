"""Functions that are bound, remembered or run side by side, and programs that the improver runs."""

from __future__ import annotations

from ..values import NOTHING_KNOWN, PROGRAMS, Function, Value, join, marked
from .call import Call


def partial(call: Call) -> Value:
    """`functools.partial(f, a)`."""
    base, given = call.first, tuple(call.given[1:])
    functions = frozenset(Function(one.node, one.env, one.bound + given, one.is_remembered) for one in base.functions)
    return Value(base.marks, base.names, functions, base.sites)


def remember(call: Call) -> Value:
    """`functools.cache(f)`; or, where a decorator only gets its parameters, what makes one."""
    base = call.first
    if base.has("utility"):
        call.run.show("caching", call.place)
    if base.functions or base.has("utility"):
        functions = frozenset(Function(one.node, one.env, one.bound, is_remembered=True) for one in base.functions)
        return Value(base.marks, base.names, functions, base.sites)
    return Value(names=frozenset(("functools.lru_cache()",)))


def in_parallel(call: Call) -> Value:
    """`executor.map(f, a)`, `threading.Thread(target=f)`."""
    run, before = call.run, call.run.n_events
    target = call.words.get("target", call.first)
    elements = [_inside(call, value) for value in call.given[1:]]
    found = run.call(target, elements, {}, call.node) if target.functions or target.names or target.marks else target
    if run.n_events > before:
        run.show("parallel_calls", call.place)
    return call.new(found, *run.heap.flat(found).marks)


def gather(call: Call) -> Value:
    """`asyncio.gather(a, b)`."""
    if call.flat.has("value", "answer", "program"):
        call.run.show("parallel_calls", call.place)
    return call.new(join(*(_inside(call, value) for value in call.given)))


def _inside(call: Call, value: Value) -> Value:
    """An element of a container; what is none stays."""
    return call.run.heap.items(value) if value.sites else value


def output_of(call: Call) -> Value:
    """`subprocess.run(a)`, `contextlib.redirect_stdout(a)`: what the programs in `a` print."""
    flat = call.flat
    for cell in call.run.heap.of(call.any_given):
        cell.add(marked(call.mark("output")))
    return marked(call.mark("output")) if flat.has(*PROGRAMS, "initial") else NOTHING_KNOWN
