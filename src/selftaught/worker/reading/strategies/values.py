"""What a dry run knows of the values of a program: not what they are, but where they come from.

A mark says one thing that went into a value: an answer of the model, a result of the utility, a draw by chance. It
carries the place in the program where that happened, so that a finding can show the line. All other modules of this
folder import this one; it imports none of them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

MOST_MARKS = 96
MOST_OF_A_NAME = 6
"""How many marks of each name are kept of a value that would have more than `MOST_MARKS` in all."""
MOST_OTHERS = 12
"""How many names, functions, sites and constants are kept of a value, of each."""
MOST_FIELDS = 40
DEEPEST_INSIDE = 4
"""How many containers inside one another are looked into."""
MOST_SCOPES = 200
LINK = "@linked"
"""The field of an object that tells that it holds others of its kind; no program can name it."""

Ordered = TypeVar("Ordered", str, int)

MARKS = {
    "initial": "the initial solution",
    "utility": "the utility itself",
    "model": "the language model itself",
    "description": "what the utility says of itself",
    "budget": "what there is or is left of calls, uses or time",
    "answer": "an answer of the model, as text",
    "program": "a program that was cut out of an answer",
    "value": "what the utility said of a program",
    "error": "an exception that was caught",
    "output": "what a program printed when the improver ran it",
    "random": "a random number",
    "pick": "a program that was drawn by chance",
    "draw": "something else that was drawn by chance",
    "weighted": "a program drawn with weights that come from values",
    "sample": "several that were drawn at once",
    "few": "the first few of what was sorted by value",
    "beam": "one of the few, all of which are gone through",
    "each": "one of those that were kept, all of which are gone through",
    "together": "several of those kept, in one text",
    "at": "a certain one of the few, or of a pair",
    "crossed": "two programs that were drawn apart, in one text",
    "pop": "a program taken off a container that others are put into",
    "pushed": "where these are put into it",
    "linked": "an object that holds others of its kind",
    "cell": "a program that is kept under a feature of it",
    "best": "the one of the highest value",
    "arm": "the one that a bandit chose",
    "exp": "the exp of something",
    "log": "the logarithm of something",
    "bound": "the root of a logarithm, or a draw from a belief: what a bandit compares",
    "mean": "a mean of values",
    "count": "a number that is counted up",
    "len": "how many there are in a container",
    "feature": "a number that tells something of a program's text",
    "distance": "how alike two programs are",
    "counted": "elements that come from a program's text",
    "by_value": "a comparison of values",
    "by_bound": "a comparison of bounds",
    "chance": "a comparison with a random number",
    "metropolis": "a comparison of a random number with the exp of values",
    "member": "a test whether a program is in a container; `extra` is its site",
    "new": "what has passed such a test",
    "stale": "a number or switch that is set under a comparison of values",
    "varies": "what may differ from turn to turn of a loop",
    "hint": "one of several wordings",
    "restart": "a variable that is the initial solution again",
    "tree": "the syntax tree of a program",
    "part": "a part of a program, or of an answer",
    "piece": "what becomes a part when it is gone through",
    "fence": "an answer cut at its fences",
}
"""Every mark, by name: what has gone into a value."""

PROGRAMS = ("program", "answer")
"""The marks of a program that the language model made, cut out of its answer or not."""
STAY_WITH_ITEMS = ("few", "varies", "together", "part", "pick", "tree", "new", "fence")
"""The marks of a container that its elements have too."""


class Mark(NamedTuple):
    """One thing that went into a value.

    Attributes:
        name: One of `MARKS`.
        place: The number of the node where it did.
        extra: What tells marks of one place apart: a site, an index, the place that the running function was called
            from.
    """

    name: str
    place: int = 0
    extra: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Function:
    """A function or class of the program.

    Attributes:
        env: The variables where it was defined.
        bound: The first arguments, where they are bound already.
        is_remembered: Whether its results are remembered, so that it runs once for equal arguments.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
    env: Env
    bound: tuple[Value, ...] = ()
    is_remembered: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a value.

    Attributes:
        marks: What went into it.
        names: What it may be of the libraries, qualified; `@.x` is the method `x` of what `sites` and `marks` tell.
        functions: What it may be of the program's own functions and classes.
        sites: Where it was made, if it is a container or an object; what is in it is in the `Heap`.
        texts: The constants that it may be.
    """

    marks: frozenset[Mark] = frozenset()
    names: frozenset[str] = frozenset()
    functions: frozenset[Function] = frozenset()
    sites: frozenset[int] = frozenset()
    texts: frozenset[object] = frozenset()

    def has(self, *names: str) -> bool:
        """Whether a mark of one of these names is there."""
        return any(mark.name in names for mark in self.marks)

    def of(self, *names: str) -> frozenset[Mark]:
        """The marks of these names."""
        return frozenset(mark for mark in self.marks if mark.name in names)

    def plus(self, *marks: Mark) -> Value:
        """The same value with more marks."""
        if self.marks.issuperset(marks):
            return self
        return Value(bounded(self.marks.union(marks)), self.names, self.functions, self.sites, self.texts)

    def minus(self, *names: str) -> Value:
        """The same value without the marks of these names."""
        kept = frozenset(mark for mark in self.marks if mark.name not in names)
        return Value(kept, self.names, self.functions, self.sites, self.texts)


NOTHING_KNOWN = Value()


def marked(*marks: Mark) -> Value:
    """A value of which only these marks are known."""
    return Value(frozenset(marks))


def bounded(marks: frozenset[Mark]) -> frozenset[Mark]:
    """The marks, or where they are very many the first few of each name."""
    if len(marks) <= MOST_MARKS:
        return marks
    kept: dict[str, list[Mark]] = {}
    for mark in sorted(marks):
        kept.setdefault(mark.name, []).append(mark)
    return frozenset(mark for several in kept.values() for mark in several[:MOST_OF_A_NAME])


def join(*values: Value) -> Value:
    """What is known of a value that may be any of these."""
    found = [value for value in dict.fromkeys(values) if value is not NOTHING_KNOWN]
    if len(found) < 2:
        return found[0] if found else NOTHING_KNOWN
    return Value(
        bounded(frozenset().union(*(value.marks for value in found))),
        _few(name for value in found for name in value.names),
        _functions(found),
        _few(site for value in found for site in value.sites),
        frozenset(sorted({text for value in found for text in value.texts}, key=repr)[:MOST_OTHERS]),
    )


def _functions(values: Iterable[Value]) -> frozenset[Function]:
    """The functions of all, one for each definition and what is bound: those of each turn of a loop are alike."""
    by_definition = {(one.node, one.bound): one for value in values for one in value.functions}
    in_order = sorted(by_definition.values(), key=lambda one: (one.node.lineno, one.node.col_offset))
    return frozenset(in_order[:MOST_OTHERS])


def _few(items: Iterable[Ordered]) -> frozenset[Ordered]:
    return frozenset(sorted(set(items))[:MOST_OTHERS])


@dataclass(slots=True)
class Cell:
    """What is in a container or an object, wherever and whenever it was put there.

    Attributes:
        items: The elements; of a dictionary the values.
        keys: Of a dictionary.
        fields: Attributes, elements by a constant index or key.
        kind: "list", "dict" or "object".
        made_of: The class of an object.
        is_sorted: Whether it is sorted by value.
        pushes: The places where a program was added to it.
    """

    items: Value = NOTHING_KNOWN
    keys: Value = NOTHING_KNOWN
    fields: dict[object, Value] = field(default_factory=dict)
    kind: str = "list"
    made_of: Function | None = None
    is_sorted: bool = False
    pushes: set[int] = field(default_factory=set)

    def add(self, item: Value) -> None:
        """Nothing; `item` may be in it too."""
        self.items = join(self.items, item)

    def whole(self) -> Value:
        """What any one thing in it may be, keys apart."""
        return join(self.items, *self.fields.values())

    def set(self, key: object, item: Value) -> None:
        """Nothing; `item` may be what stands under a key that is known."""
        if key in self.fields or len(self.fields) < MOST_FIELDS:
            self.fields[key] = join(self.fields.get(key, NOTHING_KNOWN), item)

    def link(self, mark: Mark) -> None:
        """Nothing; the object holds others of its kind, as `mark` tells."""
        self.fields[LINK] = marked(mark)

    @property
    def links(self) -> frozenset[Mark]:
        """What tells that the object holds others of its kind."""
        return self.fields.get(LINK, NOTHING_KNOWN).marks


class Heap:
    """The containers and objects of a dry run, by the place that made them."""

    def __init__(self) -> None:
        self.cells: dict[int, Cell] = {}

    def make(self, site: int, kind: str = "list") -> Cell:
        """The cell of a site."""
        return self.cells.setdefault(site, Cell(kind=kind))

    def of(self, value: Value) -> list[Cell]:
        """The cells that a value may be."""
        return [self.cells[site] for site in sorted(value.sites) if site in self.cells]

    def items(self, value: Value) -> Value:
        """What an element of `value` may be, if it is gone through."""
        cells = self.of(value)
        found = [_gone_through(cell) for cell in cells]
        return join(*found, Value(value.of(*STAY_WITH_ITEMS) if cells else value.marks))

    def contents(self, value: Value) -> Value:
        """What anything in `value` may be, the keys of dictionaries apart."""
        return join(*(cell.whole() for cell in self.of(value)))

    def flat(self, value: Value, depth: int = DEEPEST_INSIDE) -> Value:
        """All that is known of a value and of what is in it, as one value without parts."""
        marks = set(value.marks)
        todo, seen = [(value, depth)], set(value.sites)
        while todo:
            here, left = todo.pop()
            marks |= here.marks
            for cell in self.of(here) if left else ():
                for inner in (cell.items, cell.keys, *cell.fields.values()):
                    marks |= inner.marks
                    if inner.sites - seen:
                        seen |= inner.sites
                        todo.append((inner, left - 1))
        return Value(bounded(frozenset(marks)))


def _gone_through(cell: Cell) -> Value:
    """What is met when a cell is gone through: the keys of a dictionary, what iteration yields of an object."""
    if cell.kind == "dict":
        return cell.keys
    return cell.whole() if cell.kind == "list" else cell.items


class Env:
    """The variables of a function at one moment of a dry run, and those around it.

    Attributes:
        elsewhere: The names that are declared global or nonlocal.
    """

    def __init__(self, parent: Env | None, values: Mapping[str, Value] | None = None) -> None:
        self.parent = parent
        self.values: dict[str, Value] = dict(values or {})
        self.elsewhere: set[str] = set()

    def find(self, name: str) -> Value | None:
        """What a variable may be; None where the program sets none of that name."""
        here: Env | None = self
        for _ in range(MOST_SCOPES):
            if here is None:
                return None
            if name in here.values and name not in here.elsewhere:
                return here.values[name]
            here = here.parent
        return None

    def set(self, name: str, value: Value) -> None:
        """Nothing; the variable is `value` from now on."""
        if name not in self.elsewhere:
            self.values[name] = value
            return
        here = self.parent
        while here is not None and name not in here.values and here.parent is not None:
            here = here.parent
        if here is not None:
            here.values[name] = join(here.values.get(name, NOTHING_KNOWN), value)
