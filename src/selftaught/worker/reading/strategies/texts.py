"""Texts: wordings of the improver's own, programs in answers, and what is put together from both.

Above it stand the modules for each kind of expression and statement; it needs but the dry run's state.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .dry_run import DryRun
from .values import PROGRAMS, Mark, Value, join

FEWEST_WORDS = 3


def is_wording(value: Value) -> bool:
    """Whether a value is a text of the improver's own, of some words."""
    return any(isinstance(text, str) and len(text.split()) >= FEWEST_WORDS for text in value.texts)


def written(run: DryRun, parts: Iterable[Value], node: ast.AST) -> Value:
    """A text that is put together from `parts`; with two programs that were drawn apart, it is a cross of them."""
    flat = [run.heap.flat(part) for part in parts]
    whole = join(*flat)
    programs = [part for part in flat if part.has(*PROGRAMS)]
    sources = {part.of("pick", "at") for part in programs}
    if len(sources) > 1 and any(part.has("pick", "at") for part in programs):
        whole = whole.plus(Mark("crossed", run.place(node)))
    if any(part.has("sample") for part in programs):
        whole = whole.plus(Mark("crossed", run.place(node)))
    return whole.minus("at", "sample")


def as_program(value: Value) -> Value:
    """What is known of the program in an answer."""
    programs = [Mark("program", mark.place, mark.extra) for mark in value.of("answer")]
    return value.minus("answer", "fence").plus(*programs)


def is_of_a_program(run: DryRun, source: Value) -> bool:
    """Whether what is gone through are the characters, lines or syntax nodes of a program."""
    if not source.sites:
        return source.has(*PROGRAMS, "initial")
    return run.heap.items(source).has("piece", "part", "tree")
