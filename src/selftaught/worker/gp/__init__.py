"""`gp`, the embedded model: a genetic-programming proposer that speaks the language-model protocol.

It is not a language model. It reads the fenced programs of a prompt and answers with an idea in a sentence and an
edited program in a fence. The first program is the one to improve; others that define the same function are its
relatives, for crossover; the rest of the prompt gives names and numbers. It knows general program transformations only,
and nothing about utilities: its answers are often worse.

    fences        from a prompt to programs           expressions   change a number or a comparison
    program       parsing within bounds; the draft    statements    change whole statements
    vocabulary    what names stand for                wraps         iterate, restart, keep the better, guard, cache
    roles, loops  what a program improves, and how    schedules     vary a keyword over a loop
    render        from syntax back to text            pools         several parents
    answer        what to apply, and how often

It runs beside hostile text in an isolated child, so it needs nothing but the standard library and bounds all it does.
"""

from __future__ import annotations

from random import Random

from .answer import answers

__all__ = ["propose"]


def propose(message: str, n: int, temperature: float, rng: Random, *, expressions_only: bool = False) -> list[str]:
    """`n` answers to a prompt, each a sentence and, where there is a program to edit, an edited program in a fence.

    The same arguments and the same state of `rng` give the same answers. Never raises, whatever the prompt.

    Args:
        message: The prompt; the first fenced Python program with a top-level function is the one to improve.
        n: How many answers; they hold different programs where there are enough.
        temperature: 0 gives one small edit; more gives more edits, typically 1-2 at 0.7 and 3 at 1.5.
        rng: The only source of chance.
        expressions_only: Change numbers and expressions, and nothing else: a weaker proposer, `gp-expressions`.
    """
    return answers(message, n, temperature, rng, expressions_only=expressions_only)
