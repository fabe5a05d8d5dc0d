"""A program as `gp` handles it: parsed within bounds, and a draft that transformations change in place."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

MOST_CHARACTERS = 20_000
"""Longer programs are not edited."""
MOST_NODES = 1_600
"""An edit is refused when it leaves more syntax nodes than this, unless it adds few to a program that has more."""
MOST_DEPTH = 80
"""Deeper syntax trees are not edited: every walk over one is then safe from the recursion limit."""

UNUSABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, OverflowError)
"""What Python raises when a program cannot be read, or cannot be written as text."""

Edit = Callable[["Draft", Random], str | None]
"""A transformation: changes the draft and returns its idea as a clause, or leaves it alone and returns `None`."""

_DEFINITION = re.compile(r"^(?:async\s+)?def\s", re.MULTILINE)


@dataclass(frozen=True)
class Hints:
    """Vocabulary taken from a prompt.

    Attributes:
        numbers: Numbers that stand in it, in order.
        attributes: Attributes, such as `box.width`, that are compared, counted with or set to a number in it.
        exceptions: Whether it speaks of exceptions.
    """

    numbers: tuple[float, ...] = ()
    attributes: tuple[str, ...] = ()
    exceptions: bool = False


@dataclass
class Draft:
    """A program while it is edited.

    Attributes:
        tree: Its syntax tree, changed in place.
        entry: The name of the function that is the program's purpose.
        donors: Syntax trees of its relatives, for crossover; never changed.
        hints: What the prompt says beside the programs.
        temperature: How bold edits are, from 0.
    """

    tree: ast.Module
    entry: str
    donors: list[ast.Module] = field(default_factory=list)
    hints: Hints = field(default_factory=lambda: Hints())
    temperature: float = 0.7

    def function(self) -> ast.FunctionDef:
        """The entry function as it stands now."""
        return functions(self.tree)[self.entry]

    def fresh(self, *wishes: str) -> str:
        """The first of `wishes` that no identifier of the program has yet, or a numbered one."""
        taken = identifiers(self.tree)
        for wish in wishes:
            if wish not in taken:
                return wish
        number = 2
        while f"{wishes[0]}_{number}" in taken:
            number += 1
        return f"{wishes[0]}_{number}"


def parse(source: str) -> ast.Module | None:
    """The syntax tree of a program that is short and shallow enough to be edited, or `None`."""
    if len(source) > MOST_CHARACTERS or not _DEFINITION.search(source):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except UNUSABLE:
        return None
    return tree if functions(tree) and not is_deep(tree) else None


def is_deep(tree: ast.AST) -> bool:
    """Whether there are more than `MOST_DEPTH` levels of syntax nodes."""
    level: list[ast.AST] = [tree]
    for _ in range(MOST_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for value in vars(node).values():
        if isinstance(value, ast.AST):
            yield value
        elif type(value) is list:
            yield from (child for child in value if isinstance(child, ast.AST))


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all under it, less the nodes without fields (contexts and operators); faster than `ast.walk`."""
    found = [node]
    for inner in found:
        for value in vars(inner).values():
            if isinstance(value, ast.AST):
                if value._fields:
                    found.append(value)
            elif type(value) is list:
                found.extend(child for child in value if isinstance(child, ast.AST) and child._fields)
    return found


def functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """The top-level functions by name (the last definition of a name counts)."""
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def size(tree: ast.AST) -> int:
    """The number of syntax nodes that have parts."""
    return len(walk(tree))


def identifiers(tree: ast.AST) -> set[str]:
    """Every name that the program uses or defines. For membership tests only: a set has no order to rely on."""
    found: set[str] = set()
    for node in walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
    return found


def entry_name(tree: ast.Module, text: str) -> str:
    """The name of the function that the program is about.

    It is one that no other function of the program calls; of several, one that the prompt names again; else the last.
    """
    defined = functions(tree)
    called: set[str] = set()
    for name, function in defined.items():
        called.update(node.id for node in walk(function) if isinstance(node, ast.Name) and node.id != name)
    roots = [name for name in defined if name not in called] or list(defined)
    named = [name for name in roots if len(roots) > 1 and text.count(name) > 1]
    return (named or roots)[-1]


def parameters(function: ast.FunctionDef) -> list[str]:
    """The names of a function's parameters that can be given by name or position, in order."""
    arguments = function.args
    return [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def docstring_offset(body: list[ast.stmt]) -> int:
    """1 where a body begins with a docstring, else 0."""
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    return 1 if isinstance(first, ast.Constant) and isinstance(first.value, str) else 0


def statements(template: str) -> list[ast.stmt]:
    """The statements of a piece of source text."""
    return ast.parse(template).body


def expression(template: str) -> ast.expr:
    """The expression of a piece of source text."""
    return ast.parse(template, mode="eval").body


def replace_name(node: ast.AST, name: str, new: str) -> None:
    """Let an expression, given as text, stand for a name everywhere under a node (but not for the node itself)."""

    class Replace(ast.NodeTransformer):
        def visit_Name(self, inner: ast.Name) -> ast.expr:
            return expression(new) if inner.id == name and isinstance(inner.ctx, ast.Load) else inner

    Replace().generic_visit(node)


def add_import(tree: ast.Module, module: str) -> None:
    """See to it that `module` is imported at the top of the program under its own name."""
    for node in tree.body:
        if isinstance(node, ast.Import) and any(alias.name == module and not alias.asname for alias in node.names):
            return
    place = docstring_offset(tree.body)
    while place < len(tree.body):
        node = tree.body[place]
        if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            break
        place += 1
    tree.body.insert(place, ast.Import(names=[ast.alias(name=module)]))


def blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements inside a node, outermost first; those of nested functions and classes are left out."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
            yield block
            for statement in block:
                if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    yield from blocks(statement)
    for handler in getattr(node, "handlers", []):
        yield from blocks(handler)
