"""Changes of whole statements: drop, repeat, swap, take over from a relative, decide early."""

from __future__ import annotations

import ast
import copy
from random import Random

from .program import Draft, Edit, blocks, docstring_offset, functions, parameters
from .vocabulary import scope_of, terminal

_FIXED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def _editable(draft: Draft) -> list[tuple[list[ast.stmt], int]]:
    """Every statement of the program's functions as a list and a position; docstrings and definitions are left out."""
    found: list[tuple[list[ast.stmt], int]] = []
    for function in functions(draft.tree).values():
        for block in blocks(function):
            start = docstring_offset(block) if block is function.body else 0
            found += [(block, place) for place in range(start, len(block)) if not isinstance(block[place], _FIXED)]
    return found


def drop_statement(draft: Draft, rng: Random) -> str | None:
    """Leave out a statement that is not the last of its block."""
    choice = [(block, place) for block, place in _editable(draft) if place < len(block) - 1]
    if not choice:
        return None
    block, place = rng.choice(choice)
    del block[place]
    return "leave out a statement"


def repeat_statement(draft: Draft, rng: Random) -> str | None:
    """Do a statement twice."""
    choice = [(block, place) for block, place in _editable(draft) if not isinstance(block[place], ast.Return)]
    if not choice:
        return None
    block, place = rng.choice(choice)
    block.insert(place, copy.deepcopy(block[place]))
    return "do a statement twice"


def swap_statements(draft: Draft, rng: Random) -> str | None:
    """Change the order of two neighbours."""
    choice = [(block, place) for block, place in _editable(draft) if place + 2 < len(block)]
    if not choice:
        return None
    block, place = rng.choice(choice)
    if isinstance(block[place + 1], _FIXED):
        return None
    block[place], block[place + 1] = block[place + 1], block[place]
    return "change the order of two statements"


def take_statement(draft: Draft, rng: Random) -> str | None:
    """Put a statement of a relative in the place of one of the same kind."""
    if not draft.donors:
        return None
    donor = Draft(rng.choice(draft.donors), draft.entry)
    block, place = rng.choice(_editable(draft) or [([], -1)])
    if place < 0:
        return None
    same = [theirs[where] for theirs, where in _editable(donor) if type(theirs[where]) is type(block[place])]
    if not same:
        return None
    block[place] = copy.deepcopy(rng.choice(same))
    return "take over a statement from a relative"


def decide_early(draft: Draft, rng: Random) -> str | None:
    """Return another number at once in a case told by a comparison, in a function that returns numbers."""
    function = rng.choice(list(functions(draft.tree).values()))
    scope = scope_of(function, draft)
    if not scope.numeric:
        return None
    names = parameters(function)
    left, right, value = (terminal(scope, names, rng) for _ in range(3))
    test = ast.Compare(left, [rng.choice([ast.Lt(), ast.Gt()])], [right])
    place = docstring_offset(function.body)
    function.body.insert(place, ast.If(test=test, body=[ast.Return(value)], orelse=[]))
    return f"decide early where {ast.unparse(test)}"


STATEMENT_EDITS: list[tuple[Edit, float]] = [
    (drop_statement, 1.0),
    (repeat_statement, 0.4),
    (swap_statements, 0.5),
    (take_statement, 0.8),
    (decide_early, 0.4),
]
