"""The program's own functions and classes: they are followed where they are called.

Above it stand `attributes` and `calls`; it needs `conditions`.
"""

from __future__ import annotations

import ast
from typing import TypeAlias

from ..names import defaults
from .conditions import MOVING, see_epsilon_greedy
from .dry_run import DEEPEST_NODE, DryRun, Frame, Words
from .texts import is_wording
from .values import NOTHING_KNOWN, PROGRAMS, Env, Function, Mark, Value, join

DEEPEST_CALL = 14
TURNS_OF_RECURSION = 2
DECISIONS = ("metropolis", "by_value", "by_bound", "chance", "distance", "member", "stale")
"""The marks of conditions that go into the answer of a function that returns one thing or another by them."""
REMEMBERING = frozenset(("functools.lru_cache", "functools.cache"))

Definition: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda"

# ---------------------------------------------------------------- methods


def defined_in(node: ast.AST, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The definition of the method `name` in a class."""
    for item in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and item.name == name:
            return item
    return None


def methods(run: DryRun, base: Value, made_of: Function, name: str) -> list[Function]:
    """The method of a class of the program, bound to `base`; none where there is none."""
    definition = defined_in(made_of.node, name)
    if definition is None:
        return []
    decorators = definition.decorator_list
    is_static = "staticmethod" in _plain_names(decorators)
    is_remembered = any(run.qualified(decorator) & REMEMBERING for decorator in decorators)
    key = (made_of, name, base.sites)
    if key not in run.methods:
        bound = () if is_static else (Value(sites=base.sites),)
        run.methods[key] = Function(definition, made_of.env, bound, is_remembered)
    return [run.methods[key]]


def read_off(run: DryRun, method: Function, node: ast.AST) -> Value:
    """What an attribute is that a class defines: a method, or what a property says."""
    if _plain_names(getattr(method.node, "decorator_list", [])) & {"property", "cached_property"}:
        return follow(run, method, [], {}, node)
    return Value(functions=frozenset((method,)))


def _plain_names(decorators: list[ast.expr]) -> set[str]:
    return {one.id for one in decorators if isinstance(one, ast.Name)}


# ---------------------------------------------------------------- functions


def follow(run: DryRun, function: Function, given: list[Value], words: Words, node: ast.AST) -> Value:
    """What is known of what a function of the program returns, or of a new object of a class."""
    if isinstance(function.node, ast.ClassDef):
        return _make(run, function, function.node, given, words, node)
    given = [*function.bound, *given]
    active = next((f for f in run.frames if f.function is not None and f.function.node is function.node), None)
    if active is not None:
        _see_recursion(run, active, given, node)
        active.again = [join(*pair) for pair in _longest(active.again, given)]
        return join(*(value for value, _ in active.returns))
    if len(run.frames) > DEEPEST_CALL:
        return join(*given)
    return _go_through(run, function, function.node, given, words, node)


def _go_through(
    run: DryRun, function: Function, definition: Definition, given: list[Value], words: Words, node: ast.AST
) -> Value:
    frame = Frame(function, run.place(node), len(run.guards), len(run.loops))
    outer, depth, n_events = run.env, run.depth, run.n_events
    run.frames.append(frame)
    for turn in range(TURNS_OF_RECURSION):
        arguments = [join(*pair) for pair in _longest(given, frame.again)] if turn else given
        run.env = _parameters(run, function, definition.args, arguments, words)
        run.depth = min(depth, DEEPEST_NODE // 2)
        if isinstance(definition, ast.Lambda):
            frame.returns.append((run.value(definition.body), frozenset()))
        else:
            run.block(definition.body)
        if not frame.again:
            break
    run.frames.pop()
    run.env, run.depth = outer, depth
    if run.loops and frame.asks_in_loop:
        _see_search(run, frame.place, join(*given))
    if function.is_remembered and run.n_events > n_events:
        run.show("caching", run.place(definition))
    return _returned(run, frame, node)


def _see_search(run: DryRun, place: int, given: Value) -> None:
    """Takes note of a whole search in a loop: each time from the initial solution, or also from others."""
    if given.has(*PROGRAMS):
        run.show("goes on", place)
    elif given.has("initial"):
        run.show("restart", place)


def _see_recursion(run: DryRun, frame: Frame, given: list[Value], node: ast.AST) -> None:
    """Takes note of a function that calls itself: in a loop with a program, it branches."""
    is_in_loop = len(run.loops) > frame.n_loops
    if is_in_loop and any(run.heap.flat(value).has(*PROGRAMS) for value in given):
        run.show("branching", run.place(node))
    for loop in run.loops:
        loop.asks = loop.asks or run.n_events > 0


def _returned(run: DryRun, frame: Frame, node: ast.AST) -> Value:
    for value, marks in frame.returns:
        chances = [mark.place for mark in marks if mark.name == "chance"]
        for other, _ in frame.returns if chances else ():
            see_epsilon_greedy(run, value, other, min(chances))
    found = join(*(value for value, _ in frame.returns))
    conditions = Value(frozenset(mark for _, marks in frame.returns for mark in marks))
    if len(frame.returns) > 1 and not run.heap.flat(found).has(*PROGRAMS):
        # What decides between two answers of a function goes into its answer.
        found = found.plus(*conditions.of(*DECISIONS))
        wordings = {value.texts for value, _ in frame.returns if is_wording(value)}
        if len(wordings) > 1 and conditions.has(*MOVING):
            found = found.plus(Mark("hint", run.place(node)))
    if frame.yields:
        site = run.place(node)
        run.heap.make(site).add(join(*frame.yields))
        found = join(found, Value(sites=frozenset((site,))))
    return found


def _parameters(run: DryRun, function: Function, arguments: ast.arguments, given: list[Value], words: Words) -> Env:
    """The variables of a function when it begins."""
    env = Env(function.env)
    outer, run.env = run.env, function.env
    for parameter, default in defaults(arguments):
        env.values[parameter.arg] = run.value(default)
    run.env = outer
    in_order = [*arguments.posonlyargs, *arguments.args]
    for parameter in (*in_order, *arguments.kwonlyargs):
        env.values.setdefault(parameter.arg, words.get("**", NOTHING_KNOWN))
        if parameter.arg in words:
            env.values[parameter.arg] = words[parameter.arg]
    for parameter, value in zip(in_order, given, strict=False):
        env.values[parameter.arg] = value
    if arguments.vararg is not None:
        site = run.place(arguments.vararg)
        run.heap.make(site).add(join(*given[len(in_order) :]))
        env.values[arguments.vararg.arg] = Value(sites=frozenset((site,)))
    return env


def _longest(one: list[Value], other: list[Value]) -> list[tuple[Value, Value]]:
    """Pairs of both, as many as there are in the longer."""
    length = max(len(one), len(other))
    padded = [values + [NOTHING_KNOWN] * (length - len(values)) for values in (one, other)]
    return list(zip(*padded, strict=True))


# ---------------------------------------------------------------- objects


def _make(
    run: DryRun, function: Function, definition: ast.ClassDef, given: list[Value], words: Words, node: ast.AST
) -> Value:
    """What is known of a new object."""
    site = run.place(node)
    cell = run.heap.make(site, "object")
    cell.made_of = function
    made = Value(sites=frozenset((site,)))
    for method in methods(run, made, function, "__init__"):
        follow(run, method, given, words, node)
    fields = [
        item.target.id
        for item in definition.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    ]
    for name, value in (*zip(fields, given, strict=False), *words.items()):
        cell.set(name, value)
    if any(_class_of(run, value) is definition for value in (*given, *words.values())):
        cell.link(Mark("linked", site))
    for item in definition.body:
        if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
            cell.set(item.targets[0].id, run.value(item.value))
    return made


def _class_of(run: DryRun, value: Value) -> ast.AST | None:
    """The class of the program that an object is of."""
    return next((cell.made_of.node for cell in run.heap.of(value) if cell.made_of is not None), None)
