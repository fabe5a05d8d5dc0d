"""Attributes: what is known of `base.x`, be it of the utility, the model, an object, a class or a library.

Above it stand `calls`, `library` and `expressions`; it needs `functions` and `containers`.
"""

from __future__ import annotations

import ast

from ..rules import canonical
from .containers import PASSED_ON, varied
from .dry_run import DryRun
from .functions import defined_in, methods, read_off
from .values import NOTHING_KNOWN, Function, Mark, Value, join, marked

ASK = "@ask."
"""What the names of the language model's methods begin with."""
ASKING = ("prompt", "batch_prompt")
COUNTS = ("times_used", "uses")
PARTS_OF_A_TREE = ("body", "name", "orelse")
LIKE = {
    "random.Random()": "random",
    "random.SystemRandom()": "random",
    "numpy.random.default_rng()": "numpy.random",
    "numpy.random.RandomState()": "numpy.random",
}
"""Objects whose methods are those of a module."""


def attribute(run: DryRun, node: ast.Attribute, base: Value) -> Value:
    """What is known of `base.x`."""
    name, place = node.attr, run.place(node)
    if base.has("utility", "model") and not base.sites:
        return of_what_is_given(base, name, place)
    found = _of_the_program(run, node, base)
    if found:
        return varied(join(*found), place) if base.has("varies") else join(*found)
    if base.has("tree"):
        inner = base.plus(Mark("part", place)) if name in PARTS_OF_A_TREE else base
        return Value(inner.marks)
    functions = base.functions if name == "__call__" else frozenset()
    return Value(base.marks, _names(run, node, base), functions, base.sites, base.texts)


def of_what_is_given(base: Value, name: str, place: int) -> Value:
    """What is known of an attribute of the utility or the language model."""
    if name in ASKING and base.has("model"):
        return Value(names=frozenset((f"{ASK}{name}",)))
    if name in ("budget", "remaining", *COUNTS):
        return marked(Mark("budget", place), *([Mark("varies", place)] if name in COUNTS else []))
    if name == "str":
        return marked(Mark("description", place))
    return Value(base.marks) if name == "__call__" else NOTHING_KNOWN


def _of_the_program(run: DryRun, node: ast.Attribute, base: Value) -> list[Value]:
    """What the program itself puts there: methods and fields of its objects, and functions of its classes."""
    found: list[Value] = []
    for cell in run.heap.of(base):
        if cell.made_of is not None:
            found += [read_off(run, method, node) for method in methods(run, base, cell.made_of, node.attr)]
        if node.attr in cell.fields:
            found.append(cell.fields[node.attr].plus(*base.of(*PASSED_ON), *cell.links))
    for function in base.functions:
        method = defined_in(function.node, node.attr)
        if method is not None:
            found.append(Value(functions=frozenset((Function(method, function.env),))))
    return found


def _names(run: DryRun, node: ast.Attribute, base: Value) -> frozenset[str]:
    """What the attribute may be of a library, or as a method of what nothing is known of."""
    names = {canonical(f"{LIKE.get(one, one)}.{node.attr}") for one in base.names if not one.startswith("@")}
    if not base.marks:
        names |= {one for one in run.qualified(node) if not one.startswith("@")}
    if base.marks or base.sites or base.texts or not names:
        names.add(f"@.{node.attr}")
    return frozenset(names)
