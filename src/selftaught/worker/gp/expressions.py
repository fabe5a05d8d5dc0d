"""Small changes of numbers and conditions: the part of `gp` that climbs on numeric rules."""

from __future__ import annotations

import ast
import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from .program import Draft, add_import, docstring_offset, expression, parameters, walk
from .vocabulary import Scope, constant, numberlike, scope_of, terminal

_SMALL = "1e-09"
_MOST_VISIBLE = 60


@dataclass(frozen=True)
class Site:
    """A place where an expression stands.

    Attributes:
        parent: The node that holds it.
        field: The field of the parent.
        index: The position in that field, or -1 where it is not a list.
        node: The expression.
        visible: Names that have a value there.
        scope: The scope of the function around it.
    """

    parent: ast.AST
    field: str
    index: int
    node: ast.expr
    visible: list[str]
    scope: Scope

    def put(self, node: ast.expr) -> None:
        """Let `node` stand there instead."""
        if self.index < 0:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def sites(draft: Draft) -> list[Site]:
    """Every place of the program's functions where a number or a comparison stands."""
    found: list[Site] = []
    for function in draft.tree.body:
        if isinstance(function, ast.FunctionDef):
            scope = scope_of(function, draft)
            body = function.body[docstring_offset(function.body) :]
            found.extend(_in_block(body, parameters(function), scope))
    return found


def _in_block(body: list[ast.stmt], visible: list[str], scope: Scope) -> Iterator[Site]:
    """The sites of a list of statements; names assigned on the way become visible to what follows."""
    for statement in body:
        here = visible
        if isinstance(statement, ast.For):
            here = visible + _stored(statement.target)
        for field, value in ast.iter_fields(statement):
            if isinstance(value, ast.expr) and field not in {"target", "annotation", "returns"}:
                yield from _in_expression(value, statement, field, -1, visible, scope)
            elif isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield from _in_block(value, here + _own_parameters(statement), scope)
            elif isinstance(value, list) and value and isinstance(value[0], ast.excepthandler):
                for handler in value:
                    yield from _in_block(handler.body, visible, scope)
        if isinstance(statement, ast.Assign):
            new = [name for target in statement.targets for name in _stored(target) if name not in visible]
            visible = [*visible, *new][-_MOST_VISIBLE:]


def _own_parameters(statement: ast.stmt) -> list[str]:
    return parameters(statement) if isinstance(statement, ast.FunctionDef) else []


def _stored(target: ast.expr) -> list[str]:
    """The names that an assignment to `target` binds."""
    return [node.id for node in walk(target) if isinstance(node, ast.Name)]


def _in_expression(
    node: ast.expr, parent: ast.AST, field: str, index: int, visible: list[str], scope: Scope
) -> Iterator[Site]:
    """The sites of an expression, itself first; texts, names that are called and attributes are left alone."""
    if isinstance(node, ast.JoinedStr | ast.Attribute) and not numberlike(node, scope):
        return
    if isinstance(node, ast.Compare) or (numberlike(node, scope) and not _is_guard(node)):
        yield Site(parent, field, index, node, visible, scope)
    for name, value in ast.iter_fields(node):
        bound = _bound(node)
        inner = visible + bound if bound else visible
        if isinstance(value, ast.expr) and name not in {"func", "target"}:
            yield from _in_expression(value, node, name, -1, inner, scope)
        elif isinstance(value, list):
            for position, child in enumerate(value):
                if isinstance(child, ast.expr):
                    yield from _in_expression(child, node, name, position, inner, scope)
                elif isinstance(child, ast.keyword):
                    yield from _in_expression(child.value, child, "value", -1, inner, scope)


def _is_guard(node: ast.expr) -> bool:
    """Whether a number is one of the tiny ones that keep a denominator from being zero."""
    return isinstance(node, ast.Constant) and isinstance(node.value, float) and 0 < abs(node.value) < 1e-6


def _bound(node: ast.expr) -> list[str]:
    """The names that an expression itself binds for its parts."""
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        return [name for generator in node.generators for name in _stored(generator.target)]
    if isinstance(node, ast.Lambda):
        return [argument.arg for argument in node.args.args]
    return []


def edit_expression(draft: Draft, rng: Random) -> str | None:
    """Change one number or comparison a little."""
    places = sites(draft)
    if not places:
        return None
    for _ in range(6):
        site = places[0] if rng.random() < 0.1 else rng.choice(places)
        change = _pick_change(site, draft, rng)
        idea = change(site, draft, rng)
        if idea is not None:
            return idea
    return None


Change = Callable[[Site, Draft, Random], str | None]


def _pick_change(site: Site, draft: Draft, rng: Random) -> Change:
    """A kind of change that suits what stands at a site."""
    if isinstance(site.node, ast.Compare):
        return change_comparison
    if isinstance(site.node, ast.Constant) and rng.random() < 0.6:
        return perturb_constant
    table = GROW if site.scope.numeric else STEADY
    changes = [change for change, _ in table]
    weights = [weight for _, weight in table]
    return rng.choices(changes, weights)[0]


def change_comparison(site: Site, draft: Draft, rng: Random) -> str | None:
    """Turn a comparison round, or compare with something else."""
    node = site.node
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return None
    if isinstance(node.ops[0], ast.In | ast.NotIn | ast.Is | ast.IsNot):
        return None
    if rng.random() < 0.5 and numberlike(node.left, site.scope):
        node.comparators[0] = terminal(site.scope, site.visible, rng)
        return "compare with another value"
    others = [kind for kind in (ast.Lt, ast.Gt, ast.LtE, ast.GtE) if not isinstance(node.ops[0], kind)]
    node.ops[0] = rng.choice(others)()
    return "change a comparison"


def perturb_constant(site: Site, draft: Draft, rng: Random) -> str | None:
    """Scale, shift, round or negate a number."""
    node = site.node
    if not isinstance(node, ast.Constant) or not isinstance(node.value, int | float):
        return None
    old = node.value
    if abs(old) > 1e12:
        return None
    new = _nearby(old, draft.temperature, rng)
    if new == old:
        return None
    site.put(constant(new))
    return f"use {new:g} where it was {old:g}"


def _nearby(old: float, temperature: float, rng: Random) -> float:
    """A number near another one; whole numbers outside numeric rules stay whole."""
    spread = 0.25 + 0.5 * min(temperature, 2.0)
    draw = rng.random()
    if isinstance(old, int) and draw < 0.35:
        return max(old + rng.choice([-2, -1, 1, 1, 2]), 0 if old > 0 else -2)
    if old == 0:
        return rng.choice([1, 0.5, 0.1, -1])
    if draw < 0.85:
        new = old * math.exp(rng.gauss(0.0, spread))
    elif draw < 0.93:
        return -old
    else:
        return round(old)
    if isinstance(old, int) and abs(old) > 1 and rng.random() < 0.6:
        return max(1, round(new))
    return float(f"{new:.3g}")


def replace_with_terminal(site: Site, draft: Draft, rng: Random) -> str | None:
    """Let a name or a number stand in place of an expression."""
    new = terminal(site.scope, site.visible, rng)
    if ast.dump(new) == ast.dump(site.node):
        return None
    site.put(new)
    return f"try {_short(new)} in place of {_short(site.node)}"


def replace_with_pair(site: Site, draft: Draft, rng: Random) -> str | None:
    """Let a fresh combination of two values stand in place of an expression."""
    one = terminal(site.scope, site.visible, rng)
    new = _binary(one, _unlike(one, site, rng), rng)
    site.put(new)
    return f"try {_short(new)} in place of {_short(site.node)}"


def combine(site: Site, draft: Draft, rng: Random) -> str | None:
    """Bring one more value into an expression."""
    other = _term(site, rng)
    pair = (site.node, other) if rng.random() < 0.7 else (other, site.node)
    site.put(_binary(*pair, rng))
    return f"bring in {_short(other)}"


def _term(site: Site, rng: Random) -> ast.expr:
    """A value to bring in: mostly a name or a number, else two of them combined."""
    one = terminal(site.scope, site.visible, rng)
    return one if rng.random() < 0.95 else _binary(one, _unlike(one, site, rng), rng)


def _unlike(one: ast.expr, site: Site, rng: Random) -> ast.expr:
    """A smallest value that is not the same as another, where that can be had; a name if the other is a number."""
    for _ in range(6):
        other = terminal(site.scope, site.visible, rng)
        both_constant = isinstance(one, ast.Constant) and isinstance(other, ast.Constant)
        if not both_constant and ast.dump(one) != ast.dump(other):
            return other
    return terminal(site.scope, site.visible, rng)


def _binary(left: ast.expr, right: ast.expr, rng: Random) -> ast.expr:
    """Two numbers combined in one of the common ways; divisions are guarded."""
    kind = rng.choices(["+", "-", "*", "/", "max", "min"], [2.0, 2.5, 2.5, 3.0, 0.5, 0.5])[0]
    if kind == "/":
        return ast.BinOp(left, ast.Div(), _guarded(right))
    if kind in {"max", "min"}:
        return ast.Call(ast.Name(kind, ast.Load()), [left, right], [])
    operator = {"+": ast.Add(), "-": ast.Sub(), "*": ast.Mult()}[kind]
    return ast.BinOp(left, operator, right)


def _guarded(node: ast.expr) -> ast.expr:
    """A denominator made of an expression that is not zero."""
    if isinstance(node, ast.Constant) and node.value:
        return node
    size = ast.Call(ast.Name("abs", ast.Load()), [node], [])
    return ast.BinOp(size, ast.Add(), expression(_SMALL))


def transform(site: Site, draft: Draft, rng: Random) -> str | None:
    """Put an expression through a common function of one value."""
    array = site.scope.arrays
    kinds = ["negate", "sqrt", "log", "square", "inverse", "decay", "abs", "positive"]
    simple = isinstance(site.node, ast.Name | ast.Constant | ast.Call)
    draw = rng.choices(kinds, [2, 1, 1, 1, 1, 2, 0 if simple else 1, 0 if simple else 3])[0]
    if draw == "decay":
        return decay(site, draft, rng)
    library = array or "math"
    if not array and draw in {"sqrt", "log"}:
        add_import(draft.tree, "math")
    template = {
        "negate": "-X",
        "abs": "abs(X)",
        "positive": f"{array}.maximum(0, X)" if array else "max(0, X)",
        "square": "X * X",
        "sqrt": f"{library}.sqrt(abs(X))",
        "log": f"{library}.log1p(abs(X))",
        "inverse": "1 / (1 + abs(X))",
    }[draw]
    site.put(_filled(template, {"X": site.node}))
    return {
        "negate": "turn a sign",
        "abs": "take a magnitude",
        "positive": "count only the positive part",
        "square": "square a term",
        "sqrt": "dampen a term by a root",
        "log": "dampen a term by a logarithm",
        "inverse": "prefer small values of a term",
    }[draw]


def decay(site: Site, draft: Draft, rng: Random) -> str | None:
    """Weigh an expression down exponentially, by itself or by a ratio of two other values."""
    library = site.scope.arrays or "math"
    if library == "math":
        add_import(draft.tree, "math")
    top = terminal(site.scope, site.visible, rng)
    scale = terminal(site.scope, site.visible, rng)
    positive = f"{library}.maximum(0, A)" if site.scope.arrays else "max(0, A)"
    forms = [
        f"{library}.exp(-abs(X) / (abs(B) + {_SMALL}))",
        f"X * {library}.exp(-{positive} / (abs(B) + {_SMALL}))",
        f"{library}.exp(-abs(X))",
    ]
    form = rng.choice(forms)
    site.put(_filled(form, {"X": site.node, "A": top, "B": scale}))
    return f"let a term decay with {_short(top)}" if "X *" in form else "let a term decay"


def _filled(template: str, values: dict[str, ast.expr]) -> ast.expr:
    """The expression of a template whose capital letters stand for expressions (copied where one stands twice)."""
    used: set[str] = set()

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            if node.id not in values:
                return node
            value = values[node.id] if node.id not in used else copy.deepcopy(values[node.id])
            used.add(node.id)
            return value

    filled: ast.expr = Fill().visit(expression(template))
    return filled


def choose_by_condition(site: Site, draft: Draft, rng: Random) -> str | None:
    """Use an expression in one case and something else in the other."""
    left, other = terminal(site.scope, site.visible, rng), terminal(site.scope, site.visible, rng)
    right = _unlike(left, site, rng)
    template = f"{site.scope.arrays}.where(A < B, X, C)" if site.scope.arrays else "X if A < B else C"
    if rng.random() < 0.5:
        other = _binary(copy.deepcopy(site.node), other, rng)
    site.put(_filled(template, {"X": site.node, "A": left, "B": right, "C": other}))
    return f"tell two cases apart by {_short(left)} and {_short(right)}"


def scale(site: Site, draft: Draft, rng: Random) -> str | None:
    """Weigh an expression by a number."""
    factor = rng.choice([0.1, 0.25, 0.5, 2, 3, 5, 10])
    site.put(ast.BinOp(ast.Constant(factor), ast.Mult(), site.node))
    return f"weigh a term by {factor}"


def hoist(site: Site, draft: Draft, rng: Random) -> str | None:
    """Let a part of an expression stand for the whole."""
    parts = [node for node in walk(site.node) if isinstance(node, ast.expr) and node is not site.node]
    whole = [node for node in parts if numberlike(node, site.scope) and not _free(node, site)]
    if not whole:
        return None
    new = rng.choice(whole)
    site.put(new)
    return f"keep only {_short(new)} of a term"


def _free(node: ast.expr, site: Site) -> bool:
    """Whether a part uses names that an expression around it binds."""
    bound = {name for inner in walk(site.node) if isinstance(inner, ast.expr) for name in _bound(inner)}
    return bool(bound) and any(isinstance(inner, ast.Name) and inner.id in bound for inner in walk(node))


def change_operator(site: Site, draft: Draft, rng: Random) -> str | None:
    """Swap the two sides of an operation, or use another operation."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return hoist(site, draft, rng)
    if rng.random() < 0.3 and isinstance(node.op, ast.Sub | ast.Div):
        left, right = node.left, node.right
        site.put(ast.BinOp(right, node.op, _guarded(left) if isinstance(node.op, ast.Div) else left))
        return "swap the sides of an operation"
    site.put(_binary(node.left, node.right, rng))
    return "use another operation"


def cross_over(site: Site, draft: Draft, rng: Random) -> str | None:
    """Take an expression from a relative, all of whose names have a value here."""
    if not draft.donors:
        return combine(site, draft, rng)
    donor = Draft(rng.choice(draft.donors), draft.entry, hints=draft.hints)
    parts = [place.node for place in sites(donor) if not isinstance(place.node, ast.Constant | ast.Compare)]
    fitting = [node for node in parts if _known(node, site, draft)]
    if not fitting:
        return None
    new = copy.deepcopy(rng.choice(fitting))
    if any(isinstance(node, ast.Name) and node.id == "math" for node in walk(new)):
        add_import(draft.tree, "math")
    site.put(_binary(site.node, new, rng) if rng.random() < 0.3 else new)
    return f"take over {_short(new)} from a relative"


_BUILTINS = frozenset({"abs", "max", "min", "sum", "len", "round", "float", "int", "pow", "zip", "sorted", "math"})


def _known(node: ast.expr, site: Site, draft: Draft) -> bool:
    """Whether all names of an expression have a value at a site."""
    bound = {name for inner in walk(node) if isinstance(inner, ast.expr) for name in _bound(inner)}
    known = _BUILTINS | bound | set(site.visible) | {site.scope.arrays}
    return all(inner.id in known for inner in walk(node) if isinstance(inner, ast.Name))


def _short(node: ast.expr) -> str:
    """An expression as text for a sentence."""
    if isinstance(node, ast.Name | ast.Constant):
        return f"`{ast.unparse(node)}`"
    return "another term" if sum(1 for _ in walk(node)) > 14 else f"`{ast.unparse(node)}`"


GROW: list[tuple[Change, float]] = [
    (combine, 6.0),
    (replace_with_terminal, 2.0),
    (replace_with_pair, 0.5),
    (transform, 2.5),
    (scale, 1.0),
    (choose_by_condition, 0.7),
    (hoist, 1.5),
    (change_operator, 1.0),
    (cross_over, 1.0),
]
STEADY: list[tuple[Change, float]] = [
    (combine, 0.5),
    (replace_with_terminal, 1.5),
    (scale, 0.5),
    (hoist, 1.0),
    (change_operator, 0.7),
]
