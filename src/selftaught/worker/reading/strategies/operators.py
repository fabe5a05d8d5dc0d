"""Operators: what is known of sums, quotients and comparisons, where what flows together becomes evidence.

Above it stands `expressions`; it needs `containers` and `texts`.
"""

from __future__ import annotations

import ast

from .containers import new
from .dry_run import DryRun
from .texts import written
from .values import PROGRAMS, Mark, Value, bounded, join

OF_WHAT_IS_COMPARED = ("budget", "varies", "stale", "distance", "by_value", "metropolis", "chance", "new")
"""The marks of both sides that a comparison has too."""


def operation(run: DryRun, node: ast.BinOp, left: Value, right: Value) -> Value:
    """What is known of `left + right` and the like."""
    place = run.place(node)
    if left.sites and (right.sites or isinstance(node.op, ast.Mult)) and not isinstance(node.op, ast.Mod):
        marks = [Mark("new", place, site) for site in right.sites] if isinstance(node.op, ast.Sub) else []
        items = join(*(run.heap.items(side) for side in (left, right) if side.sites))
        return new(run, node, items.plus(*marks), *marks)
    if isinstance(node.op, (ast.Add, ast.Mod)):
        text = written(run, (left, right), node)
        return Value(text.marks, texts=left.texts | right.texts if not left.has(*PROGRAMS) else frozenset())
    both = join(run.heap.flat(left), run.heap.flat(right))
    if isinstance(node.op, ast.Pow) and right.texts == {0.5}:
        return root(both, place)
    if isinstance(node.op, ast.Pow) and "math.e" in left.names:
        return both.plus(Mark("exp", place))
    if isinstance(node.op, ast.Div) and left.has("value", "by_value", "stale") and right.has("count", "len"):
        both = both.plus(Mark("mean", place))
    return Value(both.marks)


def root(value: Value, place: int) -> Value:
    """What is known of the square root of a number."""
    return value.plus(Mark("bound", place)) if value.has("log") else value


def comparison(run: DryRun, node: ast.Compare, sides: list[Value]) -> Value:
    """What is known of whether `left < right` and the like: not the sides, but what is compared."""
    place = run.place(node)
    flat = [run.heap.flat(side) for side in sides]
    both = join(*flat)
    marks = set(both.of(*OF_WHAT_IS_COMPARED))
    if isinstance(node.ops[0], (ast.In, ast.NotIn)):
        if flat[0].has(*PROGRAMS, "initial"):
            marks |= {Mark("member", place, site) for site in sides[-1].sites}
        if flat[0].has("feature"):
            marks.add(Mark("varies", place))
        return Value(bounded(frozenset(marks)))
    marks |= both.of("member")
    is_number = not isinstance(node.ops[0], (ast.Is, ast.IsNot, ast.Eq, ast.NotEq))
    if both.has("value") and (is_number or not both.has(*PROGRAMS)):
        marks.add(Mark("by_value", place))
    if both.has("bound"):
        marks.add(Mark("by_bound", place))
    if both.has("random") and is_number:
        is_metropolis = both.has("exp") and both.has("value", "by_value")
        marks.add(Mark("metropolis" if is_metropolis else "chance", place))
    if both.has(*PROGRAMS, "value", "random", "pick"):
        marks.add(Mark("varies", place))
    return Value(bounded(frozenset(marks)))
