"""A dry run of an improver: its statements one after the other, with what goes into each value in place of the value.

Nothing of the program is run. Loops are gone through a few times, both sides of a condition are taken, and functions
of the program are followed where they are called, so what is never called shows nothing. Every step is counted: where
a program takes too many, the dry run ends with what was seen until then.

Here stands where a dry run is and what it has seen. What the statements, expressions and calls of Python do to that
comes in as `Semantics`, from modules that import this one; it imports none of them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..names import Names
from ..rules import ENTRY
from .values import NOTHING_KNOWN, Env, Function, Heap, Mark, Value, join

MOST_STEPS = 40_000
DEEPEST_NODE = 80
VARIABLES_OF_A_STEP = 20
"""How many variables are copied or compared for the price of one step."""

Words: TypeAlias = "dict[str, Value]"
"""The arguments of a call that are given by name; `**` stands for those in a dictionary."""


class Enough(Exception):
    """The dry run has taken all the steps that it may."""


@dataclass(frozen=True, slots=True)
class Semantics:
    """What Python's constructs do in a dry run.

    Attributes:
        statements: By the type of the node; the function tells whether what follows the statement is never reached.
        expressions: By the type of the node; the function tells what is known of the value.
        call: What is known of what a call returns, from what is called, what is given, the words and the node.
    """

    statements: Mapping[type[ast.AST], Callable[[DryRun, Any], bool]]
    expressions: Mapping[type[ast.AST], Callable[[DryRun, Any], Value]]
    call: Callable[[DryRun, Value, list[Value], Words, ast.AST], Value]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A call of the language model, as it was seen once."""

    place: int
    expertise: Value
    message: Value
    temperature: Value


@dataclass(slots=True)
class Loop:
    """A loop that is being gone through.

    Attributes:
        n_guards: How many conditions hold around it.
        is_statement: Whether `break` and `continue` can leave it; those of a comprehension they cannot.
        asks: Whether the language model is called in it.
        ends: Where it may end, with the conditions under which it does.
        left: The variables at each `break` and `continue`.
    """

    place: int
    n_guards: int
    is_statement: bool = True
    asks: bool = False
    ends: list[tuple[int, Value]] = field(default_factory=list)
    left: list[dict[str, Value]] = field(default_factory=list)


@dataclass(slots=True)
class Frame:
    """A call of one of the program's functions that is being followed.

    Attributes:
        function: None for the module itself.
        place: Where it was called.
        n_guards: How many conditions hold around the call.
        n_loops: How many loops are around the call.
        returns: What it may return, with the marks of the conditions under which it does.
        yields: What it may yield.
        again: The arguments of calls of the same function from inside of it, all in one; empty where there were none.
        asks_in_loop: Whether it calls the language model in a loop of its own.
    """

    function: Function | None
    place: int
    n_guards: int
    n_loops: int
    returns: list[tuple[Value, frozenset[Mark]]] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    again: list[Value] = field(default_factory=list)
    asks_in_loop: bool = False


class DryRun:
    """A dry run and what was seen in it.

    Attributes:
        calls: Every call of the language model.
        shown: What was seen of strategies along the way: kind to places.
        result: What `improve_algorithm` returns.
        valued: The marks of all that the utility was used on.
        nodes: The node of each place.
        heap: The containers and objects.
        env: The variables where it is.
        guards: The conditions that hold where it is, outermost first.
        loops: The loops that it is in, outermost first.
        frames: The calls that it is in, outermost first.
        depth: How deep in expressions it is.
        n_events: How many uses of the utility and calls of the language model were seen.
        stored: The sites of containers that tell which programs are known: they are in them, or are their keys.
        looked: The look-ups of programs that may fail, and so tell whether a program is known.
        methods: The methods of objects that were met, so that each is one and the same function every time.
    """

    def __init__(self, tree: ast.Module, names: Names, semantics: Semantics) -> None:
        self.calls: dict[ModelCall, None] = {}
        self.shown: dict[str, set[int]] = {}
        self.result = NOTHING_KNOWN
        self.valued: frozenset[Mark] = frozenset()
        self.nodes: list[ast.AST] = []
        self.heap = Heap()
        self.env = Env(None)
        self.guards: list[Value] = []
        self.loops: list[Loop] = []
        self.frames: list[Frame] = []
        self.depth = 0
        self.n_events = 0
        self.stored: set[int] = set()
        self.looked: list[Mark] = []
        self.methods: dict[tuple[Function, str, frozenset[int]], Function] = {}
        self._tree = tree
        self._names = names
        self._semantics = semantics
        self._scopes = {id(place.node): place.scope for place in names.places}
        self._places: dict[int, int] = {}
        self._steps = 0

    def go(self) -> None:
        """Nothing; goes through the program from its first line, and then through `improve_algorithm`."""
        self.frames.append(Frame(None, 0, 0, 0))
        try:
            self.block(self._tree.body)
            entry = self.env.find(ENTRY)
            if entry is not None:
                given = [Value(frozenset((Mark(name),))) for name in ("initial", "utility", "model")]
                self.result = self.heap.flat(self.call(entry, given, {}, self._tree))
        except (Enough, RecursionError):
            pass

    # ------------------------------------------------------------ what it goes through

    def block(self, statements: Sequence[ast.stmt]) -> bool:
        """Whether what follows a block is never reached."""
        n_guards = len(self.guards)
        for statement in statements:
            self.step()
            find = self._semantics.statements.get(type(statement))
            if find is not None and find(self, statement):
                del self.guards[n_guards:]
                return True
        del self.guards[n_guards:]
        return False

    def value(self, node: ast.expr | None) -> Value:
        """What is known of the value of an expression."""
        if node is None or self.depth > DEEPEST_NODE:
            return NOTHING_KNOWN
        self.step()
        find = self._semantics.expressions.get(type(node))
        if find is None:
            return NOTHING_KNOWN
        self.depth += 1
        found = find(self, node)
        self.depth -= 1
        return found

    def flat(self, node: ast.expr | None) -> Value:
        """What is known of an expression and of what is in it."""
        return self.heap.flat(self.value(node))

    def call(self, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
        """What is known of what a call returns."""
        return self._semantics.call(self, called, given, words, node)

    def step(self, n_variables: int = 0) -> None:
        """Nothing; counts a step, and more where so many variables are handled.

        Raises:
            Enough: There were too many.
        """
        self._steps += 1 + n_variables // VARIABLES_OF_A_STEP
        if self._steps > MOST_STEPS:
            raise Enough

    def enter(self, node: ast.AST, *, is_statement: bool = True) -> Loop:
        """The loop that is gone through from now on."""
        loop = Loop(self.place(node), len(self.guards), is_statement)
        self.loops.append(loop)
        return loop

    def leave(self, loop: Loop) -> None:
        """Nothing; the innermost loop, which is `loop`, is over."""
        self.loops.pop()
        for place, test in loop.ends if loop.asks else ():
            if test.has("by_value", "stale"):
                self.show("early_stop", place)

    # ------------------------------------------------------------ where it is

    def place(self, node: ast.AST) -> int:
        """The number of a node, by which marks name it; `nodes` has it back."""
        number = self._places.get(id(node))
        if number is None:
            number = self._places[id(node)] = len(self.nodes)
            self.nodes.append(node)
        return number

    def hold(self, condition: Value, node: ast.AST) -> None:
        """Nothing; the condition at `node` holds from now on."""
        # Places are numbered in the order in which they are met, and what a finding names comes in that order.
        self.place(node)
        self.guards.append(condition)

    def here(self) -> Value:
        """All conditions that hold here, inside of the function that is being followed."""
        return self.conditions_since(self.frames[-1].n_guards)

    def everywhere(self) -> Value:
        """All conditions that hold here, those around the calls of functions included."""
        return self.conditions_since(0)

    def conditions_since(self, n_guards: int) -> Value:
        """All conditions that hold here but the outermost `n_guards`."""
        return join(*self.guards[n_guards:])

    def called_from(self) -> int:
        """The place from which the function that is being followed was called."""
        return self.frames[-1].place

    def qualified(self, node: ast.expr) -> frozenset[str]:
        """What a name or attribute stands for as far as imports tell."""
        scope = self._scopes.get(id(node))
        return frozenset() if scope is None else self._names.meanings(node, scope)

    # ------------------------------------------------------------ what it sees

    def show(self, kind: str, *places: int) -> None:
        """Nothing; the strategy `kind`, or what makes one later, is seen at these places."""
        self.shown.setdefault(kind, set()).update(places)

    def ask(self, call: ModelCall) -> None:
        """Nothing; the language model is called."""
        self.n_events += 1
        self.calls[call] = None
        for loop in self.loops:
            loop.asks = True
        for frame in self.frames:
            frame.asks_in_loop = frame.asks_in_loop or len(self.loops) > frame.n_loops
