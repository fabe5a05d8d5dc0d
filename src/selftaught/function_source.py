"""Functions of the person's own program as self-contained source, so that they can run in an isolated process."""

from __future__ import annotations

import ast
import inspect
import math
import sys
import sysconfig
import textwrap
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selftaught.errors import ConfigError

_INSTALLED = tuple({Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
"""Where the modules are that an isolated process can import; the person's own are elsewhere."""


def self_contained_source(functions: dict[str, Callable[..., Any]]) -> str:
    """Source that defines each function under its key, with the imports, constants and functions that they use.

    Raises:
        ConfigError: A function has no source, or uses something that cannot be written down.
    """
    parts: dict[str, str] = {}
    for function in functions.values():
        _add_with_what_it_uses(function, parts)
    names = [f"{name} = {function.__name__}" for name, function in functions.items() if name != function.__name__]
    # With this, annotations are text: what they name need not be there.
    return "\n\n".join(["from __future__ import annotations", *parts.values(), *names]) + "\n"


def _add_with_what_it_uses(function: Callable[..., Any], parts: dict[str, str]) -> None:
    if function.__name__ in parts:
        return
    source, definition = _source_of(function)
    if inspect.getclosurevars(function).nonlocals:
        names = ", ".join(inspect.getclosurevars(function).nonlocals)
        raise ConfigError(f"the function {function.__name__} uses {names} of an enclosing function; pass it in instead")
    parts[function.__name__] = ""  # before what it uses, which may use it in turn
    for name in sorted(_global_names(function.__code__) | _names_in_defaults(definition)):
        if name in function.__globals__:
            _add_name(name, function.__globals__[name], function.__name__, parts)
    del parts[function.__name__]
    parts[function.__name__] = source


def _global_names(code: types.CodeType) -> set[str]:
    """The names that a function may look up outside, those of functions and comprehensions within it included."""
    nested = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return set(code.co_names).union(*map(_global_names, nested))


def _names_in_defaults(definition: ast.FunctionDef) -> set[str]:
    defaults = [*definition.args.defaults, *filter(None, definition.args.kw_defaults)]
    return {node.id for default in defaults for node in ast.walk(default) if isinstance(node, ast.Name)}


def _add_name(name: str, value: Any, user: str, parts: dict[str, str]) -> None:
    if isinstance(value, types.ModuleType):
        parts[name] = f"import {value.__name__} as {name}"
    elif _is_importable(value):
        parts[name] = f"from {value.__module__} import {value.__name__} as {name}"
    elif isinstance(value, types.FunctionType):
        _add_with_what_it_uses(value, parts)
        if name != value.__name__:
            parts[name] = f"{name} = {value.__name__}"
    elif _is_plain(value):
        parts[name] = f"{name} = {value!r}"
    elif isinstance(value, float):
        parts[name] = f"{name} = float({str(value)!r})"
    else:
        raise ConfigError(
            f"the function {user} uses {name}, a {type(value).__name__}; define or import it inside the function"
        )


def _is_importable(value: Any) -> bool:
    """Whether a value is what its name says in a module that is installed: a function, a class, a ufunc."""
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    if module is None or getattr(module, getattr(value, "__name__", ""), None) is not value:
        return False
    file = getattr(module, "__file__", None)
    if file is None:
        return module.__name__ in sys.stdlib_module_names
    return any(Path(file).is_relative_to(folder) for folder in _INSTALLED)


def _source_of(function: Callable[..., Any]) -> tuple[str, ast.FunctionDef]:
    """The text of a function's definition without decorators, and its tree."""
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        raise ConfigError(f"the source of {function!r} is not to be had; define it in a file") from None
    try:
        decorated = ast.parse(f"if True:\n{text}" if text[0].isspace() else f"\n{text}")
        definition = next((node for node in ast.walk(decorated) if isinstance(node, ast.FunctionDef)), None)
        if definition is None or definition.name != function.__name__:
            raise ConfigError(f"{function!r} should be a function that is defined with def")
        source = textwrap.dedent("\n".join(text.rstrip("\n").split("\n")[definition.lineno - 2 :]))
        ast.parse(source)
    except SyntaxError:
        raise ConfigError(f"the source of {function!r} cannot be cut out; define it at the top of a file") from None
    return source, definition


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(item) for key, item in value.items())
    if type(value) is float:
        return math.isfinite(value)  # the others have no literal
    return value is None or type(value) in (bool, int, complex, str, bytes)
