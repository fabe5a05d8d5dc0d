"""What a program's names stand for, guessed from how they are used, and the small values that can be made of them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from random import Random

from .program import Draft, Hints, expression, parameters, walk

NUMBER, SEQUENCE, CALLABLE, OBJECT, TEXT = "number", "sequence", "callable", "object", "text"

_NUMBER_WORDS = frozenset({"float", "int", "complex", "bool", "Number", "Real"})
_SEQUENCE_WORDS = frozenset(
    {"list", "List", "Sequence", "tuple", "Tuple", "Iterable", "ndarray", "array", "NDArray", "set", "dict"}
)
_NUMERIC_CALLS = frozenset({"abs", "float", "int", "round", "sum", "len", "pow", "max", "min", "divmod"})
_SEQUENCE_CALLS = frozenset({"sum", "len", "sorted", "zip", "enumerate", "any", "all", "reversed", "map"})
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
_NUMBER_IN_TEXT = re.compile(r"(?<![\w.])\d{1,6}(?:\.\d{1,6})?(?![\w.])")
_NUMERIC_ATTRIBUTES = (
    re.compile(r"(?:range|min|max|len|int)\((?:[\w.]+, )*([a-zA-Z_]\w*\.[a-z_]+)\b(?!\()"),
    re.compile(r"(?<![\w.])([a-zA-Z_]\w*\.[a-z_]+) (?:[-+*/]|[<>]=?) "),
    re.compile(r"(?<![\w.])([a-zA-Z_]\w*\.[a-z_]+) = \d"),
)
_MOST_TEXT = 40_000


def kinds(function: ast.FunctionDef, nodes: list[ast.AST] | None = None) -> dict[str, set[str]]:
    """What each name in a function seems to be, by its uses and annotations; names that tell nothing are absent."""
    found: dict[str, set[str]] = {}
    for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
        if argument.annotation is not None:
            _note(found, argument.arg, _annotated(argument.annotation))
    for node in nodes or walk(function):
        for child, kind in _uses(node):
            if isinstance(child, ast.Name):
                _note(found, child.id, kind)
    return found


def _note(found: dict[str, set[str]], name: str, kind: str | None) -> None:
    if kind is not None:
        found.setdefault(name, set()).add(kind)


def _annotated(annotation: ast.expr) -> str | None:
    """The kind that an annotation names, if any."""
    for word in _annotation_words(annotation):
        if word in _NUMBER_WORDS:
            return NUMBER
        if word in _SEQUENCE_WORDS:
            return SEQUENCE
        if word == "Callable":
            return CALLABLE
        if word in {"str", "bytes"}:
            return TEXT
    return None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _annotation_words(annotation: ast.expr) -> list[str]:
    """The outermost names of an annotation: of `np.ndarray[...]`, `np` and `ndarray`."""
    if isinstance(annotation, ast.Constant):
        return re.findall(r"\w+", annotation.value) if isinstance(annotation.value, str) else []
    if isinstance(annotation, ast.Subscript):
        return _annotation_words(annotation.value)
    if isinstance(annotation, ast.BinOp):
        return [*_annotation_words(annotation.left), *_annotation_words(annotation.right)]
    if isinstance(annotation, ast.Attribute):
        return [*_annotation_words(annotation.value), annotation.attr]
    return [annotation.id] if isinstance(annotation, ast.Name) else []


def _uses(node: ast.AST) -> list[tuple[ast.AST | None, str]]:
    """What one syntax node says about its direct children."""
    if isinstance(node, ast.Call):
        return _call_uses(node)
    if isinstance(node, ast.Attribute):
        return [(node.value, OBJECT)]
    if isinstance(node, ast.Subscript):
        return [(node.value, SEQUENCE)]
    if isinstance(node, ast.For | ast.comprehension):
        return [(node.iter, SEQUENCE)]
    if isinstance(node, ast.FormattedValue):
        return [(node.value, TEXT)]
    return _operator_uses(node)


def _operator_uses(node: ast.AST) -> list[tuple[ast.AST | None, str]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, _ARITHMETIC):
        textual = any(isinstance(side, ast.JoinedStr) or _is_text(side) for side in (node.left, node.right))
        return [(side, TEXT if textual else NUMBER) for side in (node.left, node.right)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return [(node.operand, NUMBER)]
    if isinstance(node, ast.Compare) and all(isinstance(op, ast.Lt | ast.Gt | ast.LtE | ast.GtE) for op in node.ops):
        return [(side, NUMBER) for side in (node.left, *node.comparators)]
    return []


def _call_uses(node: ast.Call) -> list[tuple[ast.AST | None, str]]:
    found: list[tuple[ast.AST | None, str]] = [(node.func, CALLABLE)]
    found += [(keyword.value, CALLABLE) for keyword in node.keywords if keyword.arg == "key"]
    if isinstance(node.func, ast.Name):
        if node.func.id in _SEQUENCE_CALLS or (node.func.id in {"max", "min"} and len(node.args) == 1):
            found += [(argument, SEQUENCE) for argument in node.args]
        elif node.func.id in _NUMERIC_CALLS:
            found += [(argument, NUMBER) for argument in node.args]
    elif _is_library_call(node):
        found += [(argument, NUMBER) for argument in node.args]
    return found


def _is_library_call(node: ast.Call) -> bool:
    """Whether a call is of a numeric library: `math.exp(x)`."""
    function = node.func
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return False
    return function.value.id in {"math", "np", "numpy"}


@dataclass
class Scope:
    """What a function offers for making numbers.

    Attributes:
        kinds: As from `kinds`.
        numeric: Whether the function seems to return a number; then its unexplained parameters count as numbers too.
        unused: Parameters that the body does not mention.
        constants: Numbers worth trying.
        attributes: Attributes of parameters that the program or the prompt uses as numbers, as source text.
        arrays: The name of the array library where values may be arrays, else empty.
    """

    kinds: dict[str, set[str]]
    parameters: list[str]
    numeric: bool
    unused: list[str]
    constants: list[float] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    arrays: str = ""

    def is_number(self, name: str) -> bool:
        """Whether a name may be used as a number."""
        seen = self.kinds.get(name)
        if not seen:
            return self.numeric and name in self.parameters
        if SEQUENCE in seen:
            return bool(self.arrays) and NUMBER in seen
        return NUMBER in seen and not seen & {CALLABLE, OBJECT, TEXT}

    def is_sequence(self, name: str) -> bool:
        """Whether a name may be summed over."""
        seen = self.kinds.get(name, set())
        return SEQUENCE in seen and not seen & {CALLABLE, TEXT} and (OBJECT not in seen or bool(self.arrays))


def numberlike(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression seems to be a number (truth values are not)."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, ast.Name):
        return scope.is_number(node.id)
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.op, ast.Not) and numberlike(node.operand, scope)
    if isinstance(node, ast.BinOp):
        return _number_pair(node.left, node.right, scope)
    if isinstance(node, ast.IfExp):
        return _number_pair(node.body, node.orelse, scope)
    if isinstance(node, ast.Call):
        return _number_call(node, scope)
    return isinstance(node, ast.Attribute) and ast.unparse(node) in scope.attributes


def _number_pair(left: ast.expr, right: ast.expr, scope: Scope) -> bool:
    if any(isinstance(side, ast.JoinedStr | ast.List | ast.Tuple) or _is_text(side) for side in (left, right)):
        return False
    return numberlike(left, scope) or numberlike(right, scope)


def _number_call(node: ast.Call, scope: Scope) -> bool:
    if any(keyword.arg == "key" for keyword in node.keywords):
        return False
    if isinstance(node.func, ast.Name):
        if node.func.id in {"max", "min"}:
            return scope.numeric or any(numberlike(argument, scope) for argument in node.args)
        return node.func.id in _NUMERIC_CALLS
    return _is_library_call(node)


def scope_of(function: ast.FunctionDef, draft: Draft) -> Scope:
    """What a function of a program offers for making numbers."""
    names, nodes = parameters(function), walk(function)
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    scope = Scope(
        kinds=kinds(function, nodes),
        parameters=names,
        numeric=True,
        unused=[name for name in names if name not in used],
        constants=_constants(nodes, draft),
        attributes=number_attributes(names, draft.hints),
        arrays=_array_library(draft.tree),
    )
    _locals(nodes, scope)
    scope.numeric = _returns_number(function, nodes, scope)
    return scope


def _locals(nodes: list[ast.AST], scope: Scope) -> None:
    """Note as numbers the names to which a function assigns numbers."""
    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            if numberlike(node.value, scope):
                _note(scope.kinds, node.targets[0].id, NUMBER)
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name) and _is_range(node.iter):
            _note(scope.kinds, node.target.id, NUMBER)


def _is_range(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"


def _returns_number(function: ast.FunctionDef, nodes: list[ast.AST], scope: Scope) -> bool:
    """Whether everything that the function returns seems to be a number."""
    if function.returns is not None:
        kind = _annotated(function.returns)
        if kind is not None:
            return kind == NUMBER or (kind == SEQUENCE and bool(scope.arrays))
    if any({CALLABLE, TEXT} & scope.kinds.get(name, set()) for name in scope.parameters):
        return False
    values = [node.value for node in nodes if isinstance(node, ast.Return)]
    return bool(values) and all(value is not None and numberlike(value, scope) for value in values)


def _constants(nodes: list[ast.AST], draft: Draft) -> list[float]:
    """Numbers worth trying: a few common ones, those of the function, those of the prompt."""
    found: list[float] = [0, 1, 2, 0.5, 0.1, 3, 10]
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            found.append(node.value)
    return list(dict.fromkeys([*found, *draft.hints.numbers]))


def number_attributes(names: list[str], hints: Hints) -> list[str]:
    """The attributes of parameters that the prompt uses as numbers."""
    return [attribute for attribute in hints.attributes if attribute.partition(".")[0] in names]


def read_hints(text: str) -> Hints:
    """The vocabulary of a prompt: of its first part, if it is long."""
    text = text[:_MOST_TEXT]
    written = _NUMBER_IN_TEXT.findall(text)[:60]
    numbers = [float(number) if "." in number else int(number) for number in written]
    attributes = [match for pattern in _NUMERIC_ATTRIBUTES for match in pattern.findall(text)]
    return Hints(
        numbers=tuple(dict.fromkeys(numbers)),
        attributes=tuple(dict.fromkeys(attributes))[:40],
        exceptions=bool(re.search(r"\b(?:raises?|exceptions?)\b", text)),
    )


def _array_library(tree: ast.Module) -> str:
    """The name under which numpy is imported, or an empty text."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "numpy":
                    return alias.asname or alias.name
    return ""


def constant(value: float) -> ast.expr:
    """A number as an expression, rounded to four digits."""
    if isinstance(value, int):
        return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))
    value = float(f"{value:.4g}")
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def terminal(scope: Scope, visible: list[str], rng: Random) -> ast.expr:
    """A smallest number that can be made here: mostly a name, those that the function ignores before others."""
    numbers = [name for name in visible if scope.is_number(name)]
    sequences = [name for name in visible if scope.is_sequence(name)]
    weights = [3.0 if name in scope.unused else 1.0 for name in numbers]
    total = sum(weights)
    draw = rng.random()
    if sequences and draw < 0.35 * len(sequences) / (total + len(sequences)) + 0.05:
        return _reduction(sequences, rng)
    if numbers and draw < 0.85:
        return ast.Name(rng.choices(numbers, weights)[0], ast.Load())
    if scope.attributes and not scope.numeric and rng.random() < 0.5:
        return expression(rng.choice(scope.attributes))
    return constant(rng.choice(scope.constants[:7] if rng.random() < 0.6 else scope.constants))


def _reduction(sequences: list[str], rng: Random) -> ast.expr:
    """A number made of one or two sequences."""
    one, other = rng.choice(sequences), rng.choice(sequences)
    single = [f"sum({one})", f"max({one})", f"min({one})", f"len({one})", f"sum({one}) / max(1, len({one}))"]
    if one == other:
        return expression(rng.choice(single))
    a, b = ("a", "b") if not {"a", "b"} & {*sequences} else ("left", "right")
    pairs = [
        f"sum({a} * {b} for {a}, {b} in zip({one}, {other}))",
        f"sum({a} / ({b} + 1e-09) for {a}, {b} in zip({one}, {other}))",
        f"max({a} / ({b} + 1e-09) for {a}, {b} in zip({one}, {other}))",
        f"min({b} - {a} for {a}, {b} in zip({one}, {other}))",
    ]
    return expression(rng.choice(single + pairs * 2))
