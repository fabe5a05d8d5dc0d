"""What counts as a finding: each place of a program against the rules."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from . import rules
from .findings import Found
from .names import GLOBALS, OWN, Names, Place, Scope, chain, defaults


def check(names: Names) -> Iterator[Found]:
    """Yields every finding of a program, roughly in the order of its text; the same one may come more than once."""
    for place in names.places:
        found = _of_place(place, names)
        if found is not None:
            for kind, detail in found:
                if kind:
                    shown = detail if kind == "patching" else detail.replace("builtins.", "")
                    yield Found(kind, shown, place.node)


Findings: TypeAlias = Iterator[tuple[str, str]]


def _of_place(place: Place, names: Names) -> Findings | None:
    node, scope = place.node, place.scope
    find = _IN_SCOPE.get(type(node))
    if find is not None:
        return find(node, scope, names)
    find_alone = _ALONE.get(type(node))
    return find_alone(node) if find_alone is not None else None


# ---------------------------------------------------------------- what is named


def _imported(node: ast.ImportFrom, alias: ast.alias) -> str:
    return node.module or "" if alias.name == "*" else f"{node.module}.{alias.name}"


def _of_import_statement(node: ast.Import) -> Findings:
    return _of_modules([alias.name for alias in node.names])


def _of_import_from(node: ast.ImportFrom) -> Findings:
    return _of_modules([] if node.level else [_imported(node, alias) for alias in node.names])


def _of_modules(modules: list[str]) -> Findings:
    for module in modules:
        yield rules.kind_of(rules.canonical(module)), f"import {module}"


def _of_name(node: ast.Name, scope: Scope, names: Names) -> Findings:
    if not isinstance(node.ctx, ast.Load):
        return
    for name in sorted(names.meanings(node, scope)):
        if not name.endswith("()"):
            yield rules.kind_of(name), name
    if node.id in rules.NAMES and not names.is_bound(node.id, scope):
        yield rules.NAMES[node.id], node.id


def _of_attribute(node: ast.Attribute, scope: Scope, names: Names) -> Findings:
    base, attributes = chain(node)
    meanings = names.meanings(node, scope)
    resolved = list(_of_meanings(meanings, is_result=isinstance(base, ast.Call)))
    yield from resolved
    for attribute in attributes:
        kind = rules.ATTRIBUTES.get(attribute, rules.NOTHING)
        if kind not in dict(resolved):
            yield kind, f"….{attribute}"
    if not meanings and not names.meanings(base, scope):
        yield rules.ATTRIBUTES_OF_UNKNOWN.get(attributes[-1], rules.NOTHING), f"….{attributes[-1]}"
    if not isinstance(node.ctx, ast.Load):
        yield from _of_attribute_set(node.value, node.attr, scope, names)


def _of_meanings(meanings: frozenset[str], *, is_result: bool) -> Findings:
    """Findings of qualified names; of methods of a call that stands there only what its own name does not tell."""
    for name in sorted(meanings):
        kind = rules.kind_of(name)
        if not is_result or "()" not in name or name.startswith(rules.PATHS):
            yield kind, name
        if name.startswith((rules.UTILITY, rules.MODEL)):
            first = name.split(".")[1:2]
            if first and first[0].startswith("_") and not first[0].startswith("__"):
                yield "private_view", name.removeprefix("@")


def _of_raise(node: ast.Raise, scope: Scope, names: Names) -> Findings:
    exception = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    if exception is not None and "builtins.SystemExit" in names.meanings(exception, scope):
        yield "exit", "raise SystemExit"


# ---------------------------------------------------------------- what is set


def _of_attribute_set(base: ast.expr, attribute: str | None, scope: Scope, names: Names) -> Findings:
    """Findings where an attribute, or one whose name is computed (None), is set or deleted."""
    shown = attribute or "…"
    if attribute == "__class__":
        yield "dunder", "….__class__ ="
    is_budget = attribute is None or attribute in rules.BUDGET_ATTRIBUTES
    meanings = names.meanings(base, scope)
    given = next((name for name in sorted(meanings) if name.startswith((rules.UTILITY, rules.MODEL))), None)
    if given is not None:
        is_its_own = given.removesuffix(".__class__") in (rules.UTILITY, rules.MODEL)
        yield "budget" if is_its_own and is_budget else "patching", f"{given.removeprefix('@')}.{shown} ="
        return
    last = _last_name(base)
    if attribute in rules.TELLING_BUDGET_ATTRIBUTES and last not in ("self", "cls"):
        yield "budget", f"{last or '…'}.{shown} ="
    elif last in rules.OFTEN_GIVEN and attribute in rules.BUDGET_ATTRIBUTES and not meanings:
        yield "budget", f"{last}.{shown} ="
    for name in sorted(meanings):
        whole = f"{name}.{shown}"
        if "()" not in name and not name.startswith((OWN, GLOBALS)) and whole not in rules.OWN_OUTPUT:
            yield "patching", f"{whole} ="


def _of_item(node: ast.Subscript, scope: Scope, names: Names) -> Findings:
    if isinstance(node.ctx, ast.Load):
        yield from _of_meanings(names.meanings(node, scope), is_result=False)
        return
    for name in sorted(names.meanings(node.value, scope)):
        if name in ("sys.modules", "builtins"):
            yield "patching", f"{name}[…] ="
        elif name.endswith(".__dict__"):
            key = names.text(node.slice, scope)
            base = _before_dictionary(node.value)
            if base is not None:
                yield from _of_attribute_set(base, key, scope, names)


def _before_dictionary(node: ast.expr) -> ast.expr | None:
    """The `x` of `x.__dict__` or `vars(x)`."""
    if isinstance(node, ast.Attribute):
        return node.value
    return node.args[0] if isinstance(node, ast.Call) and node.args else None


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr.lstrip("_")
    return node.id if isinstance(node, ast.Name) else None


# ---------------------------------------------------------------- what is called


def _of_call(node: ast.Call, scope: Scope, names: Names) -> Findings:
    called = names.meanings(node.func, scope)
    last = _last_name(node.func)
    if called & {"builtins.setattr", "builtins.delattr"} or last in ("setattr__", "delattr__"):
        yield from _of_setattr(node, scope, names)
    if "builtins.getattr" in called:
        yield from _of_getattr(node, scope, names)
    if called & set(rules.DYNAMIC_IMPORTS):
        yield from _of_import(node, scope, names)
    if "@language_model.__class__" in called or (last == "LanguageModel" and not _is_own(called)):
        yield "new_model", f"{last or 'type'}(…)"
    if called & {"builtins.open", "os.fdopen", "io.FileIO"} and _is_number(node.args[:1]):
        yield "raw_descriptors", "open(number)"
    for name in sorted(called):
        yield from _of_keywords(name, {word.arg: word.value for word in node.keywords})
    if isinstance(node.func, ast.Attribute) and last == "update":
        yield from _of_update(node, node.func, scope, names)


def _of_setattr(node: ast.Call, scope: Scope, names: Names) -> Findings:
    arguments = node.args
    is_bound_method = isinstance(node.func, ast.Attribute) and len(arguments) == 2
    if is_bound_method and isinstance(node.func, ast.Attribute):
        arguments = [node.func.value, *arguments]
    if len(arguments) < 2:
        return
    attribute = names.text(arguments[1], scope)
    yield from _of_attribute_set(arguments[0], attribute, scope, names)
    if attribute is not None and len(arguments) > 2:
        yield from _of_switch(attribute, arguments[2])


def _of_getattr(node: ast.Call, scope: Scope, names: Names) -> Findings:
    if len(node.args) < 2:
        return
    attribute = names.text(node.args[1], scope)
    if attribute is not None:
        yield from _of_meanings(names.meanings(node, scope), is_result=False)
        yield rules.ATTRIBUTES.get(attribute, rules.NOTHING), f"getattr(…, {attribute!r})"
        return
    for name in sorted(names.meanings(node.args[0], scope) & rules.WORTH_HIDING):
        yield "dynamic_code", f"getattr({name}, …)"


def _of_import(node: ast.Call, scope: Scope, names: Names) -> Findings:
    module = names.text(node.args[0], scope) if node.args else None
    if module is None:
        yield "dynamic_code", "__import__(…)"
    else:
        yield from _of_modules([module])


def _of_keywords(called: str, words: dict[str | None, ast.expr]) -> Findings:
    if called == "socket.socket" and "fileno" in words:
        yield "raw_descriptors", "socket.socket(fileno=…)"
    if called == "numpy.load" and _is(words.get("allow_pickle"), True):
        yield "dynamic_code", "numpy.load(allow_pickle=True)"
    if called == "threading.Thread" and _is(words.get("daemon"), True):
        yield "threads", "threading.Thread(daemon=True)"


def _of_update(node: ast.Call, function: ast.Attribute, scope: Scope, names: Names) -> Findings:
    """Findings of `x.__dict__.update(name=value)`."""
    if any(name.endswith(".__dict__") for name in names.meanings(function.value, scope)):
        base = _before_dictionary(function.value)
        for word in node.keywords:
            if base is not None:
                yield from _of_attribute_set(base, word.arg, scope, names)


def _is_own(meanings: frozenset[str]) -> bool:
    return any(name.startswith(OWN) for name in meanings)


def _is_number(arguments: list[ast.expr]) -> bool:
    return any(isinstance(one, ast.Constant) and type(one.value) is int for one in arguments)


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (bool, int) and node.value == value


# ---------------------------------------------------------------- switches of a sandbox


def _of_switch(name: str, value: ast.expr) -> Findings:
    if (name in rules.SANDBOX_ON and _is(value, False)) or (name in rules.SANDBOX_OFF and _is(value, True)):
        yield "sandbox_off", f"{name}={ast.unparse(value)}"
    elif name in rules.SANDBOX_FUNCTIONS:
        yield "sandbox_off", f"{name} ="


def _of_assignment(node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> Findings:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        name = target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else None
        if name is not None and node.value is not None:
            yield from _of_switch(name, node.value)


def _of_defaults(arguments: ast.arguments) -> Findings:
    for parameter, default in defaults(arguments):
        yield from _of_switch(parameter.arg, default)


def _of_keyword(node: ast.keyword) -> Findings:
    return _of_switch(node.arg or "", node.value)


def _of_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Findings:
    if node.name in rules.SANDBOX_FUNCTIONS:
        yield "sandbox_off", f"def {node.name}"


def _of_constant(node: ast.Constant) -> Findings:
    found = rules.SANDBOX_OFF_IN_TEXT.search(node.value) if isinstance(node.value, str) else None
    if found is not None:
        yield "sandbox_off_in_text", found[0]


_IN_SCOPE: dict[type[ast.AST], Callable[[Any, Scope, Names], Findings]] = {
    ast.Name: _of_name,
    ast.Attribute: _of_attribute,
    ast.Call: _of_call,
    ast.Subscript: _of_item,
    ast.Raise: _of_raise,
}
_ALONE: dict[type[ast.AST], Callable[[Any], Findings]] = {
    ast.Import: _of_import_statement,
    ast.ImportFrom: _of_import_from,
    ast.Assign: _of_assignment,
    ast.AnnAssign: _of_assignment,
    ast.NamedExpr: _of_assignment,
    ast.keyword: _of_keyword,
    ast.arguments: _of_defaults,
    ast.FunctionDef: _of_function,
    ast.AsyncFunctionDef: _of_function,
    ast.Constant: _of_constant,
}
