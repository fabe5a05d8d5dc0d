"""Conditions: what they say of the values and results that depend on them.

Above it stand `functions`, `assignments`, `expressions` and `statements`; it needs `texts`.
"""

from __future__ import annotations

import ast

from .dry_run import DryRun
from .texts import is_wording
from .values import PROGRAMS, Mark, Value, join

MOVING = ("program", "answer", "value", "varies", "random", "pick", "by_value", "chance", "stale", "error")
"""The marks of a condition by which it may hold at one time and not at another."""


def test(run: DryRun, node: ast.expr) -> Value:
    """What is known of a condition."""
    found = run.flat(node)
    if found.has("budget") and run.loops:
        run.show("budget_awareness", run.place(node))
    return found


def either(run: DryRun, one: Value, other: Value, holds: Value, place: int) -> Value:
    """What is known of a value that is `one` if the condition `holds`, and else `other`."""
    both = join(one, other)
    if one == other:
        return both
    if holds.has("chance"):
        see_epsilon_greedy(run, one, other, place)
    if holds.has(*MOVING):
        both = both.plus(Mark("varies", place))
        if holds.has("by_value", "stale") and not both.has(*PROGRAMS):
            both = both.plus(Mark("stale", place))
        if is_wording(one) and is_wording(other) and one.texts != other.texts:
            both = both.plus(Mark("hint", place))
    return both


def see_epsilon_greedy(run: DryRun, one: Value, other: Value, place: int) -> None:
    """Nothing; takes note where of two values, between which chance decides, one is drawn and the other the best."""
    one, other = run.heap.flat(one), run.heap.flat(other)
    for drawn, best in ((one, other), (other, one)):
        if drawn.has("pick", "draw") and best.has("best", "arm") and not best.has("pick", "draw"):
            run.show("epsilon_greedy", place)


def set_under_conditions(run: DryRun, value: Value, place: int, *, is_step: bool) -> Value:
    """A value that something is set to, with what follows from the conditions under which it is.

    Args:
        is_step: Whether it is set to more or less than it was.
    """
    here = run.here()
    is_program = value.has(*PROGRAMS)
    if here.has("by_value"):
        value = value.minus("each", "beam").plus(Mark("best", place)) if is_program else value
        if not is_program and (is_step or value.texts):
            value = value.plus(Mark("stale", place))
    if here.has("by_bound"):
        value = value.plus(Mark("arm", place))
    if here.has("metropolis") and is_program:
        run.show("simulated_annealing", place, *(mark.place for mark in here.of("metropolis")))
    return value
