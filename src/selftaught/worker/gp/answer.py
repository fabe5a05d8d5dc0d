"""Answering: which transformations, how many, and the words around the program."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from .expressions import edit_expression
from .fences import fenced
from .pools import accept_worse, pool, share, spread
from .program import (
    MOST_CHARACTERS,
    MOST_NODES,
    UNUSABLE,
    Draft,
    Edit,
    Hints,
    entry_name,
    functions,
    is_deep,
    parse,
    size,
)
from .render import fence, render
from .roles import roles
from .schedules import vary_keyword
from .statements import STATEMENT_EDITS
from .vocabulary import read_hints
from .wraps import cache, change_count, go_on, guard, iterate, keep_better, restart

NO_PROGRAM = "I found no fenced Python program with a function to improve."
NO_CHANGE = "I found no change to make to this program."

_MOST_PARSED_CHARACTERS = 400_000
_MOST_PARSES = 60
_MOST_RELATIVES = 8
_MOST_TRIES = 12
_MOST_EDITS = 8
_FEW_NODES = 60
_LONG_PROGRAM = 6_000

WRAPS: list[tuple[Edit, float]] = [
    (iterate, 3.0),
    (keep_better, 2.0),
    (guard, 2.5),
    (restart, 1.0),
    (go_on, 1.0),
    (vary_keyword, 1.5),
    (pool, 1.2),
    (spread, 1.2),
    (share, 0.3),
    (accept_worse, 0.5),
    (cache, 0.6),
    (change_count, 1.5),
]
"""Program-level transformations, for functions that map their first argument to the same kind."""


@dataclass(frozen=True)
class Prompt:
    """What is read from a prompt.

    Attributes:
        programs: Source texts as `render` writes them: the program to improve first, then its relatives.
        entry: The name of the function that they are about.
        hints: The vocabulary of the rest.
        pick: Draws a transformation that suits the program.
    """

    programs: list[str]
    entry: str
    hints: Hints
    pick: Callable[[Random], Edit]


def read(message: str, expressions_only: bool) -> Prompt | None:
    """The programs of a prompt, or `None` if there is none to improve."""
    spent = [0, 0]

    def as_program(source: str) -> ast.Module | None:
        if spent[0] >= _MOST_PARSES or spent[1] >= _MOST_PARSED_CHARACTERS:
            return None
        spent[0] += 1
        spent[1] += len(source)
        return parse(source)

    found = fenced(message, as_program)
    if not found:
        return None
    entry = entry_name(found[0], message)
    trees = [tree for tree in found if entry in functions(tree)][:_MOST_RELATIVES]
    sources = [source for tree in trees if (source := render(tree)) is not None]
    if not sources:
        return None
    return Prompt(
        programs=list(dict.fromkeys(sources)),
        entry=entry,
        hints=read_hints(message),
        pick=_picker(Draft(found[0], entry), expressions_only),
    )


def answers(message: str, n: int, temperature: float, rng: Random, *, expressions_only: bool) -> list[str]:
    """`n` answers to a prompt: a sentence and an edited program each, or a sentence alone where there is none."""
    prompt = read(message, expressions_only)
    if prompt is None:
        return [NO_PROGRAM] * n
    temperature = min(max(temperature, 0.0), 3.0) if math.isfinite(temperature) else 0.7
    seen = set(prompt.programs)
    return [_answer(prompt, temperature, rng, seen) for _ in range(n)]


def _answer(prompt: Prompt, temperature: float, rng: Random, seen: set[str]) -> str:
    """One answer; its program is not among `seen`, if that can be had, and is added to it."""
    again = ""
    n_tries = _MOST_TRIES if len(prompt.programs[0]) < _LONG_PROGRAM else 2
    for _ in range(n_tries):
        edited = _edited(prompt, temperature, rng)
        if edited is None:
            continue
        idea, source = edited
        if source not in seen:
            seen.add(source)
            return f"{idea}\n\n{fence(source)}"
        again = again if source in prompt.programs else f"{idea}\n\n{fence(source)}"
    return again or NO_CHANGE


def _edited(prompt: Prompt, temperature: float, rng: Random) -> tuple[str, str] | None:
    """An idea and the program that follows it, or `None` if this try led nowhere."""
    which = 0 if len(prompt.programs) == 1 or rng.random() < 0.6 else rng.randrange(1, len(prompt.programs))
    tree = parse(prompt.programs[which])
    if tree is None:
        return None
    donors = [donor for place, source in enumerate(prompt.programs) if place != which and (donor := parse(source))]
    draft, before = Draft(tree, prompt.entry, donors, prompt.hints, temperature), size(tree)
    try:
        ideas = _apply(draft, prompt.pick, rng)
    except UNUSABLE:
        return None
    if not ideas or size(tree) > max(MOST_NODES, before + _FEW_NODES) or is_deep(tree):
        return None
    source = render(tree)
    return None if source is None or len(source) > MOST_CHARACTERS else (_sentence(ideas), source)


def _apply(draft: Draft, pick: Callable[[Random], Edit], rng: Random) -> list[str]:
    """Apply as many transformations as the temperature says; their ideas."""
    ideas: list[str] = []
    for _ in range(_n_edits(draft.temperature, rng)):
        idea = _one_edit(draft, pick, rng)
        if idea is not None and idea not in ideas:
            ideas.append(idea)
    return ideas


def _n_edits(temperature: float, rng: Random) -> int:
    """1 at temperature 0; one more for every event of a Poisson process of rate temperature squared."""
    limit, n_edits, product = math.exp(-temperature * temperature), 1, rng.random()
    while product > limit and n_edits < _MOST_EDITS:
        n_edits += 1
        product *= rng.random()
    return n_edits


def _one_edit(draft: Draft, pick: Callable[[Random], Edit], rng: Random) -> str | None:
    """One transformation that suits the program."""
    for _ in range(5):
        idea = pick(rng)(draft, rng)
        if idea is not None:
            return idea
    return None


def _picker(draft: Draft, expressions_only: bool) -> Callable[[Random], Edit]:
    """What draws transformations for a program: of the whole of it only where its first argument suits that."""
    if expressions_only:
        return lambda rng: edit_expression
    return _pick_with_wraps if roles(draft) is not None else _pick


def _pick_with_wraps(rng: Random) -> Edit:
    """A transformation, mostly of the whole program."""
    draw = rng.random()
    if draw < 0.85:
        return _draw(WRAPS, rng)
    return edit_expression if draw < 0.93 else _draw(STATEMENT_EDITS, rng)


def _pick(rng: Random) -> Edit:
    """A transformation of an expression or a statement."""
    return edit_expression if rng.random() < 0.92 else _draw(STATEMENT_EDITS, rng)


def _draw(table: list[tuple[Edit, float]], rng: Random) -> Edit:
    edit = rng.choices([edit for edit, _ in table], [weight for _, weight in table])[0]
    return _and_more(edit) if edit in (iterate, restart, pool, share, accept_worse) else edit


def _and_more(edit: Edit) -> Edit:
    """A transformation that loops followed, often, by what usually goes with a loop."""

    def several(draft: Draft, rng: Random) -> str | None:
        idea = edit(draft, rng)
        if idea is None:
            return None
        ideas = [idea]
        warmth = min(1.0, draft.temperature / 0.7)
        follows = [(guard, _guard_chance(draft)), (vary_keyword, 0.15)]
        if edit is iterate:
            follows.insert(0, (keep_better, 0.5))
        for follow, chance in follows:
            if rng.random() < chance * warmth:
                ideas += [more] if (more := follow(draft, rng)) else []
        return ", ".join(ideas)

    return several


def _guard_chance(draft: Draft) -> float:
    """How likely a new loop is guarded at once: likelier where the prompt speaks of exceptions."""
    return 0.8 if draft.hints.exceptions else 0.45


def _sentence(ideas: list[str]) -> str:
    text = "; ".join(ideas)
    return text[:1].upper() + text[1:] + "."
