"""Expressions: what is known of the value of each kind.

Above it stands the folder's `__init__`; it needs `attributes`, `calls`, `operators`, `containers` and `assignments`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from . import attributes, calls, containers, operators
from .assignments import assign
from .conditions import either, test
from .dry_run import DryRun, Loop
from .texts import is_of_a_program, written
from .values import NOTHING_KNOWN, Env, Function, Mark, Value, join

LONGEST_TEXT = 400
"""How much of a text is known."""


def _name(run: DryRun, node: ast.Name) -> Value:
    found = run.env.find(node.id)
    return found if found is not None else Value(names=run.qualified(node))


def _constant(run: DryRun, node: ast.Constant) -> Value:
    return Value(texts=frozenset((node.value[:LONGEST_TEXT] if isinstance(node.value, str) else node.value,)))


def _formatted(run: DryRun, node: ast.JoinedStr) -> Value:
    parts = [run.value(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
    template = "{}".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    return Value(written(run, parts, node).marks, texts=frozenset((template[:LONGEST_TEXT],)))


def _attribute(run: DryRun, node: ast.Attribute) -> Value:
    return attributes.attribute(run, node, run.value(node.value))


def _subscript(run: DryRun, node: ast.Subscript) -> Value:
    return containers.subscript(run, node, run.value(node.value))


def _call(run: DryRun, node: ast.Call) -> Value:
    called = run.value(node.func)
    given: list[Value] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            given.append(containers.element(run, run.value(argument.value), run.place(argument), varies=False))
        else:
            given.append(run.value(argument))
    words = {word.arg or "**": run.value(word.value) for word in node.keywords}
    return calls.call(run, called, given, words, node)


# ---------------------------------------------------------------- containers


def _container(run: DryRun, node: ast.List | ast.Tuple | ast.Set) -> Value:
    site = run.place(node)
    cell = run.heap.make(site)
    for index, element in enumerate(node.elts):
        if isinstance(element, ast.Starred):
            cell.add(run.heap.items(run.value(element.value)))
        else:
            cell.set(index, run.value(element))
    return Value(sites=frozenset((site,)))


def _dictionary(run: DryRun, node: ast.Dict) -> Value:
    site = run.place(node)
    cell = run.heap.make(site, "dict")
    for key, item in zip(node.keys, node.values, strict=True):
        value = run.value(item)
        if key is None:
            cell.add(join(*(inner.items for inner in run.heap.of(value))))
            cell.keys = join(cell.keys, run.heap.items(value))
        elif isinstance(key, ast.Constant):
            cell.set(key.value, value)
            cell.keys = join(cell.keys, run.value(key))
            cell.add(value)
        else:
            containers.put(run, site, run.value(key), value, node)
    return Value(sites=frozenset((site,)))


def _comprehension(run: DryRun, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
    outer, run.env = run.env, Env(run.env)
    n_guards = len(run.guards)
    loops: list[Loop] = []
    counted: list[Mark] = []
    for generator in node.generators:
        source = run.value(generator.iter)
        if is_of_a_program(run, source):
            counted.append(Mark("counted", run.place(generator.iter)))
        loops.append(run.enter(generator.iter, is_statement=False))
        _next_of(run, generator, source)
    site = run.place(node)
    if isinstance(node, ast.DictComp):
        run.heap.make(site, "dict")
        containers.put(run, site, run.value(node.key), run.value(node.value), node)
    else:
        run.heap.make(site).add(run.value(node.elt))
    del run.guards[n_guards:]
    for loop in reversed(loops):
        run.leave(loop)
    run.env = outer
    return Value(frozenset(counted), sites=frozenset((site,)))


def _next_of(run: DryRun, generator: ast.comprehension, source: Value) -> None:
    """Sets the variables of one `for … in … if …` to an element that its conditions let through."""
    place = run.place(generator.iter)
    assign(run, generator.target, containers.element(run, source, place, varies=True))
    for condition in generator.ifs:
        holds = test(run, condition)
        run.hold(holds, condition)
        _narrow(run, generator.target, holds)


def _narrow(run: DryRun, target: ast.expr, holds: Value) -> None:
    """Marks what goes through a condition of a comprehension with what the condition is about."""
    for name in ast.walk(target):
        if isinstance(name, ast.Name):
            known = run.env.find(name.id) or NOTHING_KNOWN
            marks = [Mark("new", mark.place, mark.extra) for mark in holds.of("member")]
            run.env.set(name.id, known.plus(*marks))


# ---------------------------------------------------------------- operators


def _operation(run: DryRun, node: ast.BinOp) -> Value:
    return operators.operation(run, node, run.value(node.left), run.value(node.right))


def _comparison(run: DryRun, node: ast.Compare) -> Value:
    return operators.comparison(run, node, [run.value(side) for side in (node.left, *node.comparators)])


def _sign(run: DryRun, node: ast.UnaryOp) -> Value:
    found = run.value(node.operand)
    return Value(found.marks, sites=found.sites)


def _one_or_other(run: DryRun, node: ast.IfExp) -> Value:
    holds = test(run, node.test)
    run.hold(holds, node)
    one, other = run.value(node.body), run.value(node.orelse)
    run.guards.pop()
    return either(run, one, other, holds, run.place(node))


def _and_or(run: DryRun, node: ast.BoolOp) -> Value:
    found = []
    n_guards = len(run.guards)
    for part in node.values:
        found.append(run.value(part))
        run.hold(run.heap.flat(found[-1]), part)
    del run.guards[n_guards:]
    return join(*found)


# ---------------------------------------------------------------- functions and the rest


def _lambda(run: DryRun, node: ast.Lambda) -> Value:
    return Value(functions=frozenset((Function(node, run.env),)))


def _named(run: DryRun, node: ast.NamedExpr) -> Value:
    value = run.value(node.value)
    assign(run, node.target, value)
    return value


def _inner(run: DryRun, node: ast.Await | ast.Starred | ast.YieldFrom) -> Value:
    return run.value(node.value)


def _yield(run: DryRun, node: ast.Yield) -> Value:
    run.frames[-1].yields.append(run.value(node.value))
    return NOTHING_KNOWN


EXPRESSIONS: Mapping[type[ast.AST], Callable[[DryRun, Any], Value]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.JoinedStr: _formatted,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.List: _container,
    ast.Tuple: _container,
    ast.Set: _container,
    ast.Dict: _dictionary,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.BinOp: _operation,
    ast.Compare: _comparison,
    ast.UnaryOp: _sign,
    ast.IfExp: _one_or_other,
    ast.BoolOp: _and_or,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.YieldFrom: _inner,
    ast.Yield: _yield,
}
"""What each kind of expression does; of the others nothing is known."""
