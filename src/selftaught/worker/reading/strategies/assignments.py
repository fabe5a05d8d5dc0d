"""Assignments: what variables, attributes and elements are set to.

Above it stand `expressions` and `statements`; it needs `conditions` and `containers`.
"""

from __future__ import annotations

import ast

from .conditions import set_under_conditions
from .containers import item, set_item
from .dry_run import DryRun
from .values import PROGRAMS, Mark, Value, join


def assign(run: DryRun, target: ast.expr, value: Value, *, is_step: bool = False) -> None:
    """Nothing; what `target` names is `value` from now on, under the conditions that hold here.

    Args:
        is_step: Whether it is set to more or less than it was.
    """
    if isinstance(target, (ast.Tuple, ast.List)):
        for index, part in enumerate(target.elts):
            if isinstance(part, ast.Starred):
                assign(run, part.value, value)
            else:
                assign(run, part, item(run, value, index, run.place(part)))
        return
    value = set_under_conditions(run, value, run.place(target), is_step=is_step)
    if isinstance(target, ast.Name):
        run.env.set(target.id, _restarted(run, target, value))
    elif isinstance(target, ast.Attribute):
        _set_attribute(run, target, value)
    elif isinstance(target, ast.Subscript):
        set_item(run, target, run.value(target.value), value)


def _restarted(run: DryRun, target: ast.Name, value: Value) -> Value:
    """A value with a mark where a variable is the initial solution again after it was another program."""
    old = run.env.find(target.id)
    is_initial = value.has("initial") and not value.has(*PROGRAMS)
    if run.loops and is_initial and old is not None and old.has(*PROGRAMS):
        return value.plus(Mark("restart", run.place(target)))
    return value


def _set_attribute(run: DryRun, target: ast.Attribute, value: Value) -> None:
    base = run.value(target.value)
    for cell in run.heap.of(base):
        cell.set(target.attr, value)
        if value.sites & base.sites:
            cell.link(Mark("linked", run.place(target)))


# ---------------------------------------------------------------- statements


def plain(run: DryRun, node: ast.Assign) -> bool:
    """`a = b = …`; False, for what follows is reached."""
    value = run.value(node.value)
    for target in node.targets:
        if run.loops and _depends_on_itself(target, node.value):
            value = value.plus(Mark("varies", run.place(node)))
        assign(run, target, value)
    return False


def _depends_on_itself(target: ast.expr, value: ast.expr) -> bool:
    """Whether a variable or attribute is set to something made of what it was before."""
    inner = ast.walk(value)
    if isinstance(target, ast.Name):
        return any(isinstance(node, ast.Name) and node.id == target.id for node in inner)
    if isinstance(target, ast.Attribute):
        return any(isinstance(node, ast.Attribute) and node.attr == target.attr for node in inner)
    return False


def annotated(run: DryRun, node: ast.AnnAssign) -> bool:
    """`a: int = …`; False, for what follows is reached."""
    if node.value is not None:
        assign(run, node.target, run.value(node.value))
    return False


def augmented(run: DryRun, node: ast.AugAssign) -> bool:
    """`a += …`; False, for what follows is reached."""
    place = run.place(node)
    added, old = run.value(node.value), run.value(node.target)
    for cell in run.heap.of(old):
        cell.add(run.heap.items(added))
        cell.pushes.add(place)
    new = Value(join(old, added).marks, old.names, old.functions, old.sites)
    if run.loops and not old.sites:
        new = new.plus(Mark("varies", place))
    if isinstance(node.op, ast.Add) and not old.sites and not new.has(*PROGRAMS):
        new = new.plus(Mark("count", place))
    assign(run, node.target, new, is_step=True)
    return False


def deletion(run: DryRun, node: ast.Delete) -> bool:
    """`del a[b:]`, which leaves the first few of what is sorted; False, for what follows is reached."""
    for target in node.targets:
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
            for cell in run.heap.of(run.value(target.value)):
                if cell.is_sorted:
                    cell.items = cell.items.plus(Mark("few", run.place(node)))
    return False
