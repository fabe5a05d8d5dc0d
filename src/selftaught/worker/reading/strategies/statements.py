"""Statements: in what order a dry run goes through a program, and what it knows of the variables after each.

Each function here goes through one statement, and tells whether what follows it in its block is never reached. Above
it stands the folder's `__init__`; it needs `assignments` and `conditions`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from . import assignments
from .assignments import assign
from .conditions import either, test
from .containers import element
from .dry_run import DryRun
from .functions import REMEMBERING
from .values import NOTHING_KNOWN, Function, Mark, Value, join, marked

TURNS = 3
"""How often a loop is gone through: what is made in the first turn is kept in the second and used in the third."""
MOST_LOOKED_UP = 20

Variables: TypeAlias = "dict[str, Value]"

# ---------------------------------------------------------------- conditions


def _if(run: DryRun, node: ast.If) -> bool:
    holds = test(run, node.test)
    run.step(len(run.env.values))
    before = dict(run.env.values)
    ends = _block_under(run, holds, node, node.body)
    then, run.env.values = run.env.values, before
    ends_else = _block_under(run, holds, node, node.orelse)
    if ends and ends_else:
        return True
    if ends or ends_else:
        if ends_else:
            run.env.values = then
        # What follows is reached only if the condition holds, or only if it does not.
        run.hold(holds, node)
    else:
        run.env.values = _merged(run, then, run.env.values, holds, run.place(node))
    return False


def _block_under(run: DryRun, holds: Value, node: ast.AST, body: Sequence[ast.stmt]) -> bool:
    """The same as `run.block`, where the condition at `node` holds."""
    run.hold(holds, node)
    ends = run.block(body)
    run.guards.pop()
    return ends


def _merged(run: DryRun, one: Variables, other: Variables, holds: Value, place: int) -> Variables:
    """The variables after a condition: those of `one` if it `holds`, and else those of `other`."""
    run.step(len(one) + len(other))
    found = dict(other)
    for name, value in one.items():
        is_either = name in other and other[name] != value
        found[name] = either(run, value, other[name], holds, place) if is_either else value
    return found


def _match(run: DryRun, node: ast.Match) -> bool:
    subject = run.value(node.subject)
    results = [dict(run.env.values)]
    for case in node.cases:
        run.env.values = dict(results[0])
        if not _block_under(run, subject, case, case.body):
            results.append(run.env.values)
    run.env.values = _joined(run, *results)
    return False


def _try(run: DryRun, node: ast.Try) -> bool:
    before = dict(run.env.values)
    n_looked = len(run.looked)
    ends = run.block(node.body)
    after = run.env.values
    tried = _joined(run, before, after)
    results = [] if ends else [after]
    for handler in node.handlers:
        run.env.values = dict(tried)
        if handler.name:
            run.env.set(handler.name, marked(Mark("error", run.place(handler))))
        looked_up = marked(*run.looked[n_looked:][-MOST_LOOKED_UP:])
        if not _block_under(run, looked_up, handler, handler.body):
            results.append(run.env.values)
    run.env.values = _joined(run, *results) if results else tried
    if not ends:
        run.block(node.orelse)
    return run.block(node.finalbody) or not results


# ---------------------------------------------------------------- loops


def _while(run: DryRun, node: ast.While) -> bool:
    loop = run.enter(node)
    before = dict(run.env.values)
    for _ in range(TURNS):
        holds = test(run, node.test)
        loop.ends.append((loop.place, holds))
        _block_under(run, holds, node, node.body)
        run.env.values = _joined(run, before, run.env.values, *loop.left)
        before = dict(run.env.values)
    run.leave(loop)
    run.block(node.orelse)
    is_endless = isinstance(node.test, ast.Constant) and not any(isinstance(one, ast.Break) for one in ast.walk(node))
    return is_endless and not loop.left


def _for(run: DryRun, node: ast.For | ast.AsyncFor) -> bool:
    source = run.value(node.iter)
    loop = run.enter(node)
    if source.has("budget"):
        run.show("budget_awareness", run.place(node.iter))
    before = dict(run.env.values)
    for _ in range(TURNS):
        assign(run, node.target, element(run, source, loop.place, varies=True))
        run.block(node.body)
        run.env.values = _joined(run, before, run.env.values, *loop.left)
        before = dict(run.env.values)
    run.leave(loop)
    run.block(node.orelse)
    return False


def _joined(run: DryRun, *several: Variables) -> Variables:
    """The variables where several ways meet."""
    run.step(sum(map(len, several)))
    names = dict.fromkeys(name for one in several for name in one)
    return {name: join(*(one[name] for one in several if name in one)) for name in names}


def _leave_a_turn(run: DryRun, node: ast.Break | ast.Continue) -> bool:
    loop = next((loop for loop in reversed(run.loops) if loop.is_statement), None)
    if loop is not None:
        loop.left.append(dict(run.env.values))
        if isinstance(node, ast.Break):
            loop.ends.append((run.place(node), run.conditions_since(loop.n_guards)))
    return True


# ---------------------------------------------------------------- functions and the rest


def _return(run: DryRun, node: ast.Return) -> bool:
    value = run.value(node.value) if node.value is not None else NOTHING_KNOWN
    frame = run.frames[-1]
    frame.returns.append((value, run.here().marks))
    for loop in run.loops[frame.n_loops :]:
        loop.ends.append((run.place(node), run.conditions_since(loop.n_guards)))
    return True


def _raise(run: DryRun, node: ast.Raise) -> bool:
    run.value(node.exc)
    return True


def _define(run: DryRun, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    decorators = [run.value(decorator) for decorator in node.decorator_list]
    is_remembered = any(name.removesuffix("()") in REMEMBERING for one in decorators for name in one.names)
    function = Function(node, run.env, (), is_remembered)
    run.env.set(node.name, Value(functions=frozenset((function,))))
    return False


def _declare(run: DryRun, node: ast.Global | ast.Nonlocal) -> bool:
    run.env.elsewhere.update(node.names)
    return False


def _with(run: DryRun, node: ast.With | ast.AsyncWith) -> bool:
    for item in node.items:
        value = run.value(item.context_expr)
        if item.optional_vars is not None:
            assign(run, item.optional_vars, value)
    return run.block(node.body)


def _expression(run: DryRun, node: ast.Expr) -> bool:
    run.value(node.value)
    return False


STATEMENTS: Mapping[type[ast.AST], Callable[[DryRun, Any], bool]] = {
    ast.If: _if,
    ast.Match: _match,
    ast.Try: _try,
    ast.While: _while,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.Break: _leave_a_turn,
    ast.Continue: _leave_a_turn,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.FunctionDef: _define,
    ast.AsyncFunctionDef: _define,
    ast.ClassDef: _define,
    ast.Global: _declare,
    ast.Nonlocal: _declare,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Expr: _expression,
    ast.Assign: assignments.plain,
    ast.AnnAssign: assignments.annotated,
    ast.AugAssign: assignments.augmented,
    ast.Delete: assignments.deletion,
}
"""How each kind of statement is gone through; the others do nothing to what is known."""
