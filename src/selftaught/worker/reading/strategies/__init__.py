"""Which strategies an improver uses, read from its syntax tree; `strategies` says it.

A dry run goes through the improver and keeps, in place of each value, where it comes from; what flows where is the
evidence. Each module here imports only such as stand below it, and nothing of the static findings but the names of
things and how a finding looks.

    evidence.py     which flows are which strategy
    statements.py   in what order a program is gone through
    expressions.py  what each kind of expression is
    calls.py        calls of the utility, the model, the program's functions, and libraries
    library/        what each function and method of a library does
    assignments.py  what variables, attributes and elements are set to
    attributes.py   what `a.b` is
    functions.py    functions and classes of the program, which are followed
    operators.py    sums, quotients, comparisons
    conditions.py   what depends on a condition
    containers.py   what is in a container
    texts.py        what is put together to a text
    dry_run.py      where a dry run is, and what it has seen
    values.py       what is known of a value
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..findings import Found
from ..names import Names
from . import calls
from .dry_run import DryRun, Semantics
from .evidence import places_of_strategies
from .expressions import EXPRESSIONS
from .statements import STATEMENTS

__all__ = ["strategies"]

SEMANTICS = Semantics(STATEMENTS, EXPRESSIONS, calls.call)


def strategies(tree: ast.Module, names: Names) -> Iterator[Found]:
    """Yields every place of a program that shows a strategy of it, in the order of the dry run."""
    run = DryRun(tree, names, SEMANTICS)
    run.go()
    for kind, places in places_of_strategies(run).items():
        for place in sorted(places):
            yield Found(kind, _shown(run.nodes[place]), run.nodes[place])


def _shown(node: ast.AST) -> str:
    """A few words of code that name a place; only its first line, so that it stays short and quick to make."""
    if isinstance(node, (ast.If, ast.While)):
        return _shown(node.test)
    if isinstance(node, (ast.For, ast.comprehension)):
        return f"for … in {_shown(node.iter)}"
    if isinstance(node, ast.Call):
        return f"{_shown(node.func)}(…)"
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name
    if isinstance(node, ast.Attribute):
        return f"{_shown(node.value)}.{node.attr}"
    if isinstance(node, ast.Subscript):
        return f"{_shown(node.value)}[…]"
    return node.id if isinstance(node, ast.Name) else type(node).__name__.lower()
