"""What the names of a program stand for: scopes, imports, simple assignments, and a way through a few expressions.

Nothing is run, and order is not looked at: a name stands for everything that it is bound to anywhere in its scope.
Every step is bounded, so a hostile program can at most make a name stand for nothing.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from .rules import DYNAMIC_IMPORTS, ENTRY, GIVEN, MODEL, PATHS, UTILITY, canonical

MAX_HOPS = 24
MAX_MEANINGS = 16
MAX_CHAIN = 12
MAX_TEXT = 200
MAX_STEPS = 500
"""For one question; without it, names that stand for two uses of the next name each would take exponential time."""
BUILTINS = frozenset(dir(builtins))
OWN = "@own."
GLOBALS = "@globals"
NOBODY: frozenset[str] = frozenset()

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(eq=False)
class Scope:
    """A namespace of the program.

    Attributes:
        bindings: What each name may be: a qualified name, an expression with its scope, or None for anything else.
        elsewhere: Names that `global` or `nonlocal` has moved out, with the scope where the search goes on.
    """

    parent: Scope | None
    is_class: bool = False
    is_comprehension: bool = False
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    elsewhere: dict[str, Scope] = field(default_factory=dict)

    def add(self, name: str, binding: Binding) -> None:
        """Nothing; `name` may be that too."""
        scope = self.elsewhere.get(name, self)
        meanings = scope.bindings.setdefault(name, [])
        if len(meanings) < MAX_MEANINGS:
            meanings.append(binding)


Binding: TypeAlias = "str | tuple[ast.expr, Scope] | Instance | None"


@dataclass(frozen=True, eq=False)
class Instance:
    """Something of the type that an annotation names."""

    annotation: ast.expr
    scope: Scope


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the tree in its scope."""

    node: ast.AST
    scope: Scope


class Names:
    """The scopes of a program, all its nodes in the order of the text, and what expressions stand for.

    Attributes:
        places: Every node with its scope; the inner parts of `a.b.c` are not listed on their own.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.places: list[Place] = []
        self._module = Scope(parent=None)
        self._stars: list[str] = []
        self._known: dict[tuple[Scope, str], frozenset[str]] = {}
        self._underway: set[tuple[Scope, str]] = set()
        self._steps = 0
        stack: list[tuple[ast.AST, Scope]] = [(tree, self._module)]
        while stack:
            node, scope = stack.pop()
            self.places.append(Place(node, scope))
            self._bind(node, scope)
            stack.extend(reversed(list(self._children(node, scope))))

    # ------------------------------------------------------------ the walk

    def _children(self, node: ast.AST, scope: Scope) -> Iterable[tuple[ast.AST, Scope]]:
        if isinstance(node, ast.Attribute):
            base = chain(node)[0]
            return [] if isinstance(base, ast.Name) else [(base, scope)]
        if isinstance(node, _FUNCTIONS):
            return self._children_of_function(node, scope)
        if isinstance(node, ast.ClassDef):
            inner = Scope(parent=scope, is_class=True)
            outside = [*node.decorator_list, *node.bases, *node.keywords, *getattr(node, "type_params", [])]
            return [*((child, scope) for child in outside), *((child, inner) for child in node.body)]
        if isinstance(node, _COMPREHENSIONS):
            scope = Scope(parent=scope, is_comprehension=True)
            # What binds comes before what uses.
            results = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.comprehension)]
            return [(child, scope) for child in (*node.generators, *results)]
        return [(child, scope) for child in ast.iter_child_nodes(node)]

    def _children_of_function(self, node: Function, scope: Scope) -> Iterable[tuple[ast.AST, Scope]]:
        inner = Scope(parent=scope)
        self._bind_parameters(node, scope, inner)
        decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
        returns = [] if isinstance(node, ast.Lambda) or node.returns is None else [node.returns]
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        outside = [*decorators, node.args, *returns, *getattr(node, "type_params", [])]  # those since Python 3.12
        return [*((child, scope) for child in outside), *((child, inner) for child in body)]

    # ------------------------------------------------------------ what binds names

    def _bind(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Import():
                self._bind_imports(node, scope)
            case ast.ImportFrom():
                self._bind_imports_from(node, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                scope.add(node.name, OWN + node.name)
            case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() if node.name is not None:
                scope.add(node.name, None)
            case ast.Global() | ast.Nonlocal() if scope.parent is not None:
                outer = self._module if isinstance(node, ast.Global) else scope.parent
                scope.elsewhere.update((name, outer) for name in node.names)
            case _:
                _bind_targets(node, scope)

    def _bind_imports(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            if alias.asname is None:
                scope.add(alias.name.partition(".")[0], canonical(alias.name.partition(".")[0]))
            else:
                scope.add(alias.asname, canonical(alias.name))

    def _bind_imports_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        module = node.module or ""
        for alias in node.names:
            if alias.name != "*":
                scope.add(alias.asname or alias.name, None if node.level else canonical(f"{module}.{alias.name}"))
            elif not node.level and len(self._stars) < MAX_MEANINGS:
                self._stars.append(canonical(module))

    def _bind_parameters(self, node: Function, outer: Scope, inner: Scope) -> None:
        arguments = node.args
        in_order = [*arguments.posonlyargs, *arguments.args]
        for parameter in (*in_order, *arguments.kwonlyargs):
            inner.add(parameter.arg, GIVEN.get(parameter.arg))
            if parameter.annotation is not None:
                inner.add(parameter.arg, Instance(parameter.annotation, outer))
        for parameter in filter(None, (arguments.vararg, arguments.kwarg)):
            inner.add(parameter.arg, None)
        for parameter, default in defaults(arguments):
            inner.add(parameter.arg, (default, outer))
        if not isinstance(node, ast.Lambda) and node.name == ENTRY:
            for parameter, given in zip(in_order[1:3], (UTILITY, MODEL), strict=False):
                inner.add(parameter.arg, given)

    # ------------------------------------------------------------ what expressions stand for

    def meanings(self, node: ast.expr, scope: Scope, hops: int = MAX_HOPS) -> frozenset[str]:
        """The qualified names that an expression may stand for; empty where nothing is known."""
        if not self._may_go_on(hops):
            return NOBODY
        match node:
            case ast.Name():
                return self._meanings_of_name(node.id, scope, hops - 1)
            case ast.Attribute():
                return self._meanings_of_chain(node, scope, hops - 1)
            case ast.Call():
                return self._meanings_of_call(node, scope, hops - 1)
            case ast.Subscript():
                return self._meanings_of_item(node, scope, hops - 1)
            case ast.IfExp():
                return self._any((node.body, node.orelse), scope, hops - 1)
            case ast.BoolOp():
                return self._any(node.values[:MAX_MEANINGS], scope, hops - 1)
            case ast.NamedExpr() | ast.Await():
                return self.meanings(node.value, scope, hops - 1)
            case ast.BinOp() if isinstance(node.op, ast.Div):
                left = self.meanings(node.left, scope, hops - 1)
                return frozenset(name for name in left if name.startswith(PATHS))
        return NOBODY

    def text(self, node: ast.expr | None, scope: Scope, hops: int = MAX_HOPS) -> str | None:
        """The text that an expression makes, where it is a constant, a sum of constants, or a name for one."""
        if not self._may_go_on(hops):
            return None
        match node:
            case ast.Constant(value=str(value)) if len(value) <= MAX_TEXT:
                return value
            case ast.BinOp(op=ast.Add()):
                left, right = self.text(node.left, scope, hops - 1), self.text(node.right, scope, hops - 1)
                return (left + right)[:MAX_TEXT] if left is not None and right is not None else None
            case ast.Name():
                found = self._bindings(node.id, scope)
                if found is not None and len(found) == 1 and isinstance(found[0], tuple):
                    return self.text(*found[0], hops - 1)
        return None

    def is_bound(self, name: str, scope: Scope) -> bool:
        """Whether the program itself binds `name` where it is used."""
        return self._bindings(name, scope) is not None

    def _may_go_on(self, hops: int) -> bool:
        """Whether a question is not followed too far; one that comes with all its hops is a new one."""
        self._steps = 0 if hops == MAX_HOPS else self._steps + 1
        return hops > 0 and self._steps < MAX_STEPS

    def _any(self, nodes: Iterable[ast.expr], scope: Scope, hops: int) -> frozenset[str]:
        found: set[str] = set()
        for node in nodes:
            found |= self.meanings(node, scope, hops)
        return frozenset(sorted(found)[:MAX_MEANINGS])

    def _bindings(self, name: str, scope: Scope) -> list[Binding] | None:
        found = self._where(name, scope)
        return None if found is None else found.bindings[name]

    def _where(self, name: str, scope: Scope) -> Scope | None:
        start, searched = scope, 0
        here: Scope | None = scope
        while here is not None and searched < 200:
            searched += 1
            if name in here.elsewhere:
                here = here.elsewhere[name]
            elif name in here.bindings and (here is start or not here.is_class):
                return here
            else:
                here = here.parent
        return None

    def _meanings_of_name(self, name: str, scope: Scope, hops: int) -> frozenset[str]:
        home = self._where(name, scope)
        if home is None:
            return self._meanings_of_unbound(name)
        key = (home, name)
        if key in self._known:
            return self._known[key]
        if key in self._underway:
            return NOBODY
        self._underway.add(key)
        found: set[str] = set()
        for binding in home.bindings[name]:
            found |= self._meanings_of_binding(binding, hops)
        self._underway.discard(key)
        if home is self._module and not any(isinstance(binding, str) for binding in home.bindings[name]):
            # An assignment may come too late or never, a builtin is there before it.
            found |= self._meanings_of_unbound(name)
        self._known[key] = frozenset(sorted(found)[:MAX_MEANINGS])
        return self._known[key]

    def _meanings_of_binding(self, binding: Binding, hops: int) -> frozenset[str]:
        if binding is None:
            return NOBODY
        if isinstance(binding, str):
            return frozenset((binding,))
        if isinstance(binding, Instance):
            return frozenset(f"{name}()" for name in self.meanings(binding.annotation, binding.scope, hops))
        return self.meanings(*binding, hops)

    def _meanings_of_unbound(self, name: str) -> frozenset[str]:
        if name == "__builtins__":
            return frozenset(("builtins",))
        found = {canonical(f"{module}.{name}") for module in self._stars}
        if name in BUILTINS:
            found.add(f"builtins.{name}")
        return frozenset(found)

    def _meanings_of_chain(self, node: ast.Attribute, scope: Scope, hops: int) -> frozenset[str]:
        base, attributes = chain(node)
        if len(attributes) > MAX_CHAIN:
            return NOBODY
        bases = self.meanings(base, scope, hops)
        if not bases:
            for index in range(len(attributes) - 1, -1, -1):
                given = GIVEN.get(attributes[index].lstrip("_"))
                if given is not None:
                    return frozenset((".".join([given, *attributes[index + 1 :]]),))
            return NOBODY
        return frozenset(canonical(".".join([name, *attributes])) for name in bases)

    def _meanings_of_call(self, node: ast.Call, scope: Scope, hops: int) -> frozenset[str]:
        found: set[str] = set()
        for name in self.meanings(node.func, scope, hops):
            found |= self._meanings_of_result(name, node, scope, hops)
        return frozenset(sorted(found)[:MAX_MEANINGS])

    def _meanings_of_result(self, name: str, node: ast.Call, scope: Scope, hops: int) -> set[str]:
        arguments = node.args
        if name in DYNAMIC_IMPORTS and arguments:
            module = self.text(arguments[0], scope, hops)
            is_whole = name == "importlib.import_module" or len(arguments) > 3 or bool(node.keywords)
            return {canonical(module if is_whole else module.partition(".")[0])} if module else set()
        if name == "builtins.getattr" and len(arguments) >= 2:
            attribute = self.text(arguments[1], scope, hops)
            return {canonical(f"{of}.{attribute}") for of in self.meanings(arguments[0], scope, hops) if attribute}
        if name in ("builtins.vars", "builtins.type") and len(arguments) == 1:
            suffix = "__dict__" if name == "builtins.vars" else "__class__"
            return {f"{of}.{suffix}" for of in self.meanings(arguments[0], scope, hops)}
        if name == "builtins.globals":
            return {GLOBALS}
        if name.endswith((".__dict__.get", "sys.modules.get", f"{GLOBALS}.get")) and arguments:
            return self._looked_up(name.removesuffix(".get"), self.text(arguments[0], scope, hops), hops)
        return {f"{name}()"}

    def _meanings_of_item(self, node: ast.Subscript, scope: Scope, hops: int) -> frozenset[str]:
        key = self.text(node.slice, scope, hops)
        found: set[str] = set()
        for name in self.meanings(node.value, scope, hops):
            found |= self._looked_up(name, key, hops)
        return frozenset(found)

    def _looked_up(self, name: str, key: str | None, hops: int) -> set[str]:
        if key is None:
            return set()
        if name == "sys.modules":
            return {canonical(key)}
        if name == GLOBALS:
            return set(self._meanings_of_name(key, self._module, hops))
        if name == "builtins" or name.endswith(".__dict__"):
            return {canonical(f"{name.removesuffix('.__dict__')}.{key}")}
        return set()


def chain(node: ast.Attribute) -> tuple[ast.expr, list[str]]:
    """What stands before the first dot of `a.b.c`, and the names after it."""
    attributes = [node.attr]
    base = node.value
    while isinstance(base, ast.Attribute):
        attributes.append(base.attr)
        base = base.value
    return base, attributes[::-1]


def defaults(arguments: ast.arguments) -> list[tuple[ast.arg, ast.expr]]:
    """The parameters that have a default, with it."""
    in_order = [*arguments.posonlyargs, *arguments.args]
    with_default = in_order[len(in_order) - len(arguments.defaults) :]
    found = list(zip(with_default, arguments.defaults, strict=True))
    keyword_only = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return found + [(parameter, default) for parameter, default in keyword_only if default is not None]


def _bind_targets(node: ast.AST, scope: Scope) -> None:
    match node:
        case ast.Assign():
            for target in node.targets:
                _bind_target(target, node.value, scope)
        case ast.AnnAssign() if isinstance(node.target, ast.Name):
            scope.add(node.target.id, Instance(node.annotation, scope))
            if node.value is not None:
                scope.add(node.target.id, (node.value, scope))
        case ast.NamedExpr():
            _bind_target(node.target, node.value, _outside_comprehensions(scope), scope)
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            for item in _items(node.iter):
                _bind_target(node.target, item, scope)
        case ast.withitem() if node.optional_vars is not None:
            _bind_target(node.optional_vars, node.context_expr, scope)


def _outside_comprehensions(scope: Scope) -> Scope:
    while scope.is_comprehension and scope.parent is not None:
        scope = scope.parent
    return scope


def _items(node: ast.expr) -> list[ast.expr | None]:
    """What a loop goes through, where that stands in the program; else one thing of which nothing is known."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return list(node.elts[:MAX_MEANINGS]) or [None]
    return [None]


def _bind_target(target: ast.expr, value: ast.expr | None, scope: Scope, value_scope: Scope | None = None) -> None:
    pending: list[tuple[ast.expr, ast.expr | None]] = [(target, value)]
    while pending:
        target, value = pending.pop()
        if isinstance(target, ast.Name):
            scope.add(target.id, None if value is None else (value, value_scope or scope))
        elif isinstance(target, ast.Starred):
            pending.append((target.value, None))
        elif isinstance(target, (ast.Tuple, ast.List)):
            is_alike = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts)
            values = value.elts if is_alike and isinstance(value, (ast.Tuple, ast.List)) else [None] * len(target.elts)
            pending.extend(zip(target.elts, values, strict=True))
