"""Varying a number that a call is given by keyword, over the turns of a loop."""

from __future__ import annotations

import ast
from random import Random

from .loops import Loop, helper_calls, loops
from .program import Draft, add_import, expression, functions, parameters, walk
from .roles import roles


def vary_keyword(draft: Draft, rng: Random) -> str | None:
    """Give a call in a loop another value of a numeric keyword in each turn; a helper's is made its parameter."""
    who = roles(draft)
    if who is None:
        return None
    for loop in rng.sample(every := loops(draft, who), len(every)):
        given = [keyword for call in _calls(loop.node) for keyword in call.keywords]
        direct = [keyword for keyword in given if _number(keyword.value) is not None]
        if direct:
            keyword = rng.choice(direct)
            keyword.value, how = _schedule(draft, loop, _number(keyword.value) or 1.0, rng)
            return f"vary `{keyword.arg}` {how}"
        for call in helper_calls(draft, loop):
            lifted = _lift(draft, call, rng)
            if lifted is not None:
                name, base = lifted
                value, how = _schedule(draft, loop, base, rng)
                call.keywords = [keyword for keyword in call.keywords if keyword.arg != name]
                call.keywords.append(ast.keyword(name, value))
                return f"vary `{name}` {how}"
    return None


def _calls(node: ast.AST) -> list[ast.Call]:
    return [inner for inner in walk(node) if isinstance(inner, ast.Call)]


def _number(node: ast.AST | None) -> float | None:
    """The value of a positive number, or `None`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value if 0 < node.value < 1e9 else None
    return None


def _lift(draft: Draft, call: ast.Call, rng: Random) -> tuple[str, float] | None:
    """Make a keyword's number in the called helper a parameter of the helper: its name and its value so far."""
    helper = functions(draft.tree)[call.func.id if isinstance(call.func, ast.Name) else ""]
    already = _numeric_parameters(helper)
    inside = [
        keyword
        for inner in _calls(helper)
        for keyword in inner.keywords
        if keyword.arg and keyword.arg not in parameters(helper) and _number(keyword.value) is not None
    ]
    if not inside or (already and rng.random() < 0.7):
        return rng.choice(already) if already else None
    if helper.args.vararg or helper.args.kwonlyargs or helper.args.kwarg:
        return None
    chosen = rng.choice(inside)
    base = _number(chosen.value)
    if chosen.arg is None or base is None:
        return None
    helper.args.args.append(ast.arg(chosen.arg))
    helper.args.defaults.append(ast.Constant(base))
    chosen.value = ast.Name(chosen.arg, ast.Load())
    return chosen.arg, base


def _numeric_parameters(helper: ast.FunctionDef) -> list[tuple[str, float]]:
    """The parameters of a helper whose default is a positive number, with it."""
    defaults = helper.args.defaults
    last = helper.args.args[len(helper.args.args) - len(defaults) :]
    pairs = [(argument.arg, _number(default)) for argument, default in zip(last, defaults, strict=False)]
    return [(name, value) for name, value in pairs if value is not None]


def _schedule(draft: Draft, loop: Loop, base: float, rng: Random) -> tuple[ast.expr, str]:
    """An expression for the value in each turn, and how it varies, in words."""
    low, high = base * rng.uniform(0.2, 1.0), base * rng.uniform(1.0, 2.5)
    whole = isinstance(base, int)
    ends = [max(1, round(low)), round(high) + 1] if whole else [round(low, 2), round(high, 2)]
    kinds = ["rising", "falling", "cycle", "cycle", "random"] if loop.counter else ["random"]
    kind = rng.choice(kinds)
    if kind == "random":
        add_import(draft.tree, "random")
        draw = "randint" if whole else "uniform"
        return expression(f"random.{draw}({ends[0]}, {ends[1]})"), "at random"
    if kind == "cycle":
        middle = round(sum(ends) / 2) if whole else round(sum(ends) / 2, 2)
        values = [ends[0], middle, ends[1]] if rng.random() < 0.6 else ends
        rng.shuffle(values)
        return expression(f"{values}[{loop.counter} % {len(values)}]"), "in turn over a list"
    first, last = ends if kind == "rising" else ends[::-1]
    sign = "+" if last >= first else "-"
    slope = abs(last - first) if whole else round(abs(last - first), 2)
    over = ast.unparse(loop.count) if loop.count is not None else "1"
    divide = "//" if whole else "/"
    return expression(f"{first} {sign} {slope} * {loop.counter} {divide} max(1, {over})"), f"over the loop, {kind}"
