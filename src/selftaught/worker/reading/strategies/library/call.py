"""What a rule gets: one call with what is known of all that goes into it. Every other module here imports it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from .. import containers
from ..dry_run import DryRun, Words
from ..values import Mark, Value, join


@dataclass(frozen=True, slots=True)
class Call:
    """A call in a dry run.

    Attributes:
        called: What is called; of a method `a.f` it has the marks, sites and texts of `a`.
        given: The arguments that are given by position.
        words: Those that are given by name.
        node: Where it stands.
    """

    run: DryRun
    called: Value
    given: list[Value]
    words: Words
    node: ast.AST

    @property
    def place(self) -> int:
        """The number of its node."""
        return self.run.place(self.node)

    @property
    def first(self) -> Value:
        """The first argument."""
        return join(*self.given[:1])

    @property
    def second(self) -> Value:
        """The second argument."""
        return join(*self.given[1:2])

    @property
    def any_given(self) -> Value:
        """What any of the arguments may be."""
        return join(*self.given)

    @property
    def flat(self) -> Value:
        """All that is known of the arguments and of what is in them."""
        return self.run.heap.flat(self.any_given)

    def mark(self, name: str, extra: int = 0) -> Mark:
        """A mark of this place."""
        return Mark(name, self.place, extra)

    def new(self, items: Value, *marks: Mark, kind: str = "list") -> Value:
        """A container that the call makes."""
        return containers.new(self.run, self.node, items, *marks, kind=kind)

    def new_of_tuples(self, *parts: Value, marks: frozenset[Mark] = frozenset()) -> Value:
        """A container of tuples of these parts that the call makes."""
        return self.new(containers.new_tuple(self.run, self.node, parts), *marks)


Rule: TypeAlias = "Callable[[Call], Value]"
"""What is known of the result of a call; a rule also puts into containers what the call puts there."""


def nothing(call: Call) -> Value:
    """Nothing is known of the result."""
    return Value()
