"""A dry run of an improver: its statements one after the other, with what goes into each value in place of the value.

Nothing of the program is run. Loops are gone through a few times, both sides of a condition are taken, and functions
of the program are followed where they are called, so what is never called shows nothing. Every step is counted: where
a program takes too many, the dry run ends with what was seen until then.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import library, rules
from .names import Names, defaults
from .values import NOTHING_KNOWN, Env, Function, Heap, Mark, Value, join, marked

MOST_STEPS = 40_000
DEEPEST_NODE = 80
DEEPEST_CALL = 14
TURNS = 3
MOVING = ("program", "answer", "value", "varies", "random", "pick", "by_value", "chance", "stale", "error")
PROGRAMS = ("program", "answer")


class Enough(Exception):
    """The dry run has taken all the steps that it may."""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A call of the language model, as it was seen once."""

    place: int
    expertise: Value
    message: Value
    temperature: Value
    is_repeated: bool


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that holds where the dry run is."""

    test: Value
    place: int


@dataclass(slots=True)
class Loop:
    """A loop that is being gone through; `calls` tells how many model calls were seen before it."""

    place: int
    n_guards: int
    is_statement: bool = True
    asks: bool = False
    ends: list[tuple[int, Value]] = field(default_factory=list)
    left: list[dict[str, Value]] = field(default_factory=list)


@dataclass(slots=True)
class Frame:
    """A call of one of the program's functions."""

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
    """

    def __init__(self, tree: ast.Module, names: Names) -> None:
        self.nodes: list[ast.AST] = []
        self.heap = Heap()
        self.calls: dict[ModelCall, None] = {}
        self.shown: dict[str, set[int]] = {}
        self.result = NOTHING_KNOWN
        self.valued: frozenset[Mark] = frozenset()
        self.guards: list[Guard] = []
        self.loops: list[Loop] = []
        self.frames: list[Frame] = []
        self.n_events = 0
        self.stored: set[int] = set()
        self.looked: list[Mark] = []
        self.env = Env(None)
        self._names = names
        self._scopes = {id(place.node): place.scope for place in names.places}
        self._places: dict[int, int] = {}
        self._methods: dict[tuple[Function, Value], Function] = {}
        self._steps = 0
        self._depth = 0
        self._tree = tree

    def go(self) -> None:
        """Nothing; goes through the program from its first line, and then through `improve_algorithm`."""
        self.frames.append(Frame(None, 0, 0, 0))
        try:
            self.block(self._tree.body)
            entry = self.env.find(rules.ENTRY)
            if entry is not None:
                given = [Value(frozenset((Mark(name),))) for name in ("initial", "utility", "model")]
                self.result = self.heap.flat(self.call(entry, given, {}, self._tree))
        except (Enough, RecursionError):
            pass

    # ------------------------------------------------------------ where it is

    def place(self, node: ast.AST) -> int:
        """The number of a node, by which marks name it; `nodes` has it back."""
        number = self._places.get(id(node))
        if number is None:
            number = self._places[id(node)] = len(self.nodes)
            self.nodes.append(node)
        return number

    def show(self, kind: str, *places: int) -> None:
        """Nothing; the strategy `kind` is seen at these places."""
        self.shown.setdefault(kind, set()).update(places)

    def here(self) -> Value:
        """All conditions that hold here, inside of the function that is being followed."""
        return join(*(guard.test for guard in self.guards[self.frames[-1].n_guards :]))

    def everywhere(self) -> Value:
        """All conditions that hold here, those around the calls of functions included."""
        return join(*(guard.test for guard in self.guards))

    def saw(self, place: int, expertise: Value, message: Value, temperature: Value) -> None:
        """Nothing; the language model is called."""
        call = ModelCall(place, expertise, message, temperature, bool(self.loops) or self._recurs())
        self.calls[call] = None

    def _recurs(self) -> bool:
        return any(frame.again for frame in self.frames)

    def bind(self, functions: frozenset[Function], given: tuple[Value, ...]) -> frozenset[Function]:
        """The same functions with their first arguments bound."""
        return frozenset(Function(one.node, one.env, one.bound + given, one.is_remembered) for one in functions)

    def remembering(self, functions: frozenset[Function]) -> frozenset[Function]:
        """The same functions, remembering their results."""
        return frozenset(Function(one.node, one.env, one.bound, is_remembered=True) for one in functions)

    def read_off(self, method: Function, node: ast.AST) -> Value:
        """What an attribute is that a class defines: a method, or what a property says."""
        names = [one.id for one in getattr(method.node, "decorator_list", ()) if isinstance(one, ast.Name)]
        if "property" in names or "cached_property" in names:
            return self._follow(method, [], {}, node)
        return Value(functions=frozenset((method,)))

    def unbound(self, function: Function, method: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[Function]:
        """A method of a class as a function of its own."""
        return frozenset((Function(method, function.env),))

    def calling(self) -> int:
        """The number of the place from which the function that is being followed was called."""
        return self.frames[-1].place

    def qualified(self, node: ast.expr) -> frozenset[str]:
        """What a name or attribute stands for as far as imports tell."""
        scope = self._scopes.get(id(node))
        return frozenset() if scope is None else self._names.meanings(node, scope)

    # ------------------------------------------------------------ statements

    def block(self, statements: Sequence[ast.stmt]) -> bool:
        """Whether what follows a block is never reached."""
        n_guards = len(self.guards)
        for statement in statements:
            self._step()
            find = _STATEMENTS.get(type(statement))
            if find is not None and find(self, statement):
                del self.guards[n_guards:]
                return True
        del self.guards[n_guards:]
        return False

    def _step(self, cost: int = 1) -> None:
        self._steps += cost
        if self._steps > MOST_STEPS:
            raise Enough

    def _if(self, node: ast.If) -> bool:
        test = self.test(node.test)
        self._step(1 + len(self.env.values) // 20)
        before = dict(self.env.values)
        ends = self._guarded(test, node, node.body)
        then, self.env.values = self.env.values, before
        ends_else = self._guarded(test, node, node.orelse)
        if ends and ends_else:
            return True
        if ends or ends_else:
            if ends_else:
                self.env.values = then
            self.guards.append(Guard(test, self.place(node)))
        else:
            self.env.values = self._merged(then, self.env.values, test, node)
        return False

    def _guarded(self, test: Value, node: ast.AST, body: Sequence[ast.stmt]) -> bool:
        self.guards.append(Guard(test, self.place(node)))
        ends = self.block(body)
        self.guards.pop()
        return ends

    def _merged(self, one: dict[str, Value], other: dict[str, Value], test: Value, node: ast.AST) -> dict[str, Value]:
        self._step(1 + (len(one) + len(other)) // 20)
        found = dict(other)
        for name, value in one.items():
            if name in other and other[name] != value:
                found[name] = self.either(value, other[name], test, node)
            else:
                found[name] = value
        return found

    def either(self, one: Value, other: Value, test: Value, node: ast.AST) -> Value:
        """What is known of a value that is `one` if `test` holds, and else `other`."""
        both = join(one, other)
        if one == other:
            return both
        place = self.place(node)
        if test.has("chance"):
            self._see_epsilon(one, other, place)
        if test.has(*MOVING):
            both = both.plus(Mark("varies", place))
            if test.has("by_value", "stale") and not both.has(*PROGRAMS):
                both = both.plus(Mark("stale", place))
            if library.is_wording(one) and library.is_wording(other) and one.texts != other.texts:
                both = both.plus(Mark("hint", place))
        return both

    def _see_epsilon(self, one: Value, other: Value, place: int) -> None:
        one, other = self.heap.flat(one), self.heap.flat(other)
        for drawn, best in ((one, other), (other, one)):
            if drawn.has("pick", "draw") and best.has("best", "arm") and not best.has("pick", "draw"):
                self.show("epsilon_greedy", place)

    def _while(self, node: ast.While) -> bool:
        loop = self._enter(node)
        before = dict(self.env.values)
        ends_never = isinstance(node.test, ast.Constant)
        for _ in range(TURNS):
            test = self.test(node.test)
            loop.ends.append((loop.place, test))
            self._guarded(test, node, node.body)
            self.env.values = self._joined(before, self.env.values, *loop.left)
            before = dict(self.env.values)
        self._leave(loop)
        self.block(node.orelse)
        return ends_never and not loop.left and not _has_break(node)

    def _for(self, node: ast.For | ast.AsyncFor) -> bool:
        source = self.value(node.iter)
        loop = self._enter(node)
        if source.has("budget"):
            self.show("budget_awareness", self.place(node.iter))
        before = dict(self.env.values)
        for _ in range(TURNS):
            self.assign(node.target, library.element(self, source, loop.place, varies=True))
            self.block(node.body)
            self.env.values = self._joined(before, self.env.values, *loop.left)
            before = dict(self.env.values)
        self._leave(loop)
        self.block(node.orelse)
        return False

    def _enter(self, node: ast.AST, *, is_statement: bool = True) -> Loop:
        loop = Loop(self.place(node), len(self.guards), is_statement)
        self.loops.append(loop)
        return loop

    def _leave(self, loop: Loop) -> None:
        self.loops.pop()
        for place, test in loop.ends if loop.asks else ():
            if test.has("by_value", "stale"):
                self.show("early_stop", place)

    def _joined(self, *several: dict[str, Value]) -> dict[str, Value]:
        self._step(1 + sum(map(len, several)) // 20)
        names = dict.fromkeys(name for one in several for name in one)
        return {name: join(*(one[name] for one in several if name in one)) for name in names}

    def _break(self, node: ast.Break | ast.Continue) -> bool:
        loop = next((loop for loop in reversed(self.loops) if loop.is_statement), None)
        if loop is not None:
            loop.left.append(dict(self.env.values))
            if isinstance(node, ast.Break):
                loop.ends.append((self.place(node), join(*(g.test for g in self.guards[loop.n_guards :]))))
        return True

    def _return(self, node: ast.Return) -> bool:
        value = self.value(node.value) if node.value is not None else NOTHING_KNOWN
        frame = self.frames[-1]
        frame.returns.append((value, self.here().marks))
        for loop in self.loops[frame.n_loops :]:
            loop.ends.append((self.place(node), join(*(g.test for g in self.guards[loop.n_guards :]))))
        return True

    def _raise(self, node: ast.Raise) -> bool:
        if node.exc is not None:
            self.value(node.exc)
        return True

    def _try(self, node: ast.Try) -> bool:
        before = dict(self.env.values)
        n_looked = len(self.looked)
        ends = self.block(node.body)
        after = self.env.values
        tried = self._joined(before, after)
        results = [] if ends else [after]
        for handler in node.handlers:
            self.env.values = dict(tried)
            if handler.name:
                self.env.set(handler.name, marked(Mark("error", self.place(handler))))
            if not self._guarded(marked(*self.looked[n_looked:][-20:]), handler, handler.body):
                results.append(self.env.values)
        self.env.values = self._joined(*results) if results else tried
        if not ends:
            ends = self.block(node.orelse)
        return self.block(node.finalbody) or not results

    def _with(self, node: ast.With | ast.AsyncWith) -> bool:
        for item in node.items:
            value = self.value(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value)
        return self.block(node.body)

    def _match(self, node: ast.Match) -> bool:
        test = self.value(node.subject)
        results = [dict(self.env.values)]
        for case in node.cases:
            self.env.values = dict(results[0])
            if not self._guarded(test, case, case.body):
                results.append(self.env.values)
        self.env.values = self._joined(*results)
        return False

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
        decorators = [self.value(decorator) for decorator in node.decorator_list]
        is_remembered = any(name.removesuffix("()") in library.REMEMBERING for one in decorators for name in one.names)
        function = Function(node, self.env, (), is_remembered)
        self.env.set(node.name, Value(functions=frozenset((function,))))
        return False

    def _declare(self, node: ast.Global | ast.Nonlocal) -> bool:
        self.env.elsewhere.update(node.names)
        return False

    def _expression(self, node: ast.Expr) -> bool:
        self.value(node.value)
        return False

    def _delete(self, node: ast.Delete) -> bool:
        for target in node.targets:
            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
                for cell in self.heap.of(self.value(target.value)):
                    if cell.is_sorted:
                        cell.items = cell.items.plus(Mark("few", self.place(node)))
        return False

    # ------------------------------------------------------------ assignments

    def _assign(self, node: ast.Assign) -> bool:
        value = self.value(node.value)
        for target in node.targets:
            if self.loops and self._depends_on_itself(target, node.value):
                value = value.plus(Mark("varies", self.place(node)))
            self.assign(target, value)
        return False

    def _depends_on_itself(self, target: ast.expr, value: ast.expr) -> bool:
        """Whether a variable or attribute is set to something made of what it was before."""
        if not isinstance(target, (ast.Name, ast.Attribute)):
            return False
        name = target.id if isinstance(target, ast.Name) else target.attr
        return any(
            (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)
            for node in ast.walk(value)
            if type(node) is type(target)
        )

    def _assign_annotated(self, node: ast.AnnAssign) -> bool:
        if node.value is not None:
            self.assign(node.target, self.value(node.value))
        return False

    def _assign_augmented(self, node: ast.AugAssign) -> bool:
        place = self.place(node)
        added, old = self.value(node.value), self.value(node.target, is_target=True)
        for cell in self.heap.of(old):
            cell.add(self.heap.items(added))
            cell.pushes.add(place)
        new = Value(join(old, added).marks, old.names, old.functions, old.sites)
        if self.loops and not old.sites:
            new = new.plus(Mark("varies", place))
        if isinstance(node.op, ast.Add) and not old.sites and not new.has(*PROGRAMS):
            new = new.plus(Mark("count", place))
        self.assign(node.target, new, is_step=True)
        return False

    def assign(self, target: ast.expr, value: Value, *, is_step: bool = False) -> None:
        """Nothing; what `target` names is `value` from now on, under the conditions that hold here."""
        if isinstance(target, (ast.Tuple, ast.List)):
            for index, part in enumerate(target.elts):
                whole = isinstance(part, ast.Starred)
                inner = part.value if isinstance(part, ast.Starred) else part
                self.assign(inner, value if whole else library.item(self, value, index, self.place(part)))
            return
        value = self._under_conditions(value, self.place(target), is_step=is_step)
        if isinstance(target, ast.Name):
            self.env.set(target.id, self._restarted(target, value))
        elif isinstance(target, ast.Attribute):
            self._set_attribute(target, value)
        elif isinstance(target, ast.Subscript):
            library.set_item(self, target, self.value(target.value), value)

    def _set_attribute(self, target: ast.Attribute, value: Value) -> None:
        base = self.value(target.value)
        for cell in self.heap.of(base):
            cell.set(target.attr, value)
            if value.sites & base.sites:
                cell.fields["@linked"] = marked(Mark("linked", self.place(target)))

    def _under_conditions(self, value: Value, place: int, *, is_step: bool) -> Value:
        """A value with what follows from the conditions under which it is set."""
        here = self.here()
        is_program = value.has(*PROGRAMS)
        if here.has("by_value"):
            value = value.minus("each", "beam").plus(Mark("best", place)) if is_program else value
            if not is_program and (is_step or value.texts):
                value = value.plus(Mark("stale", place))
        if here.has("by_bound"):
            value = value.plus(Mark("arm", place))
        if here.has("metropolis") and is_program:
            self.show("simulated_annealing", place, *(mark.place for mark in here.of("metropolis")))
        return value

    def _restarted(self, target: ast.Name, value: Value) -> Value:
        """A value with a mark where a variable is the initial solution again after it was another program."""
        old = self.env.find(target.id)
        is_new = value.has("initial") and not value.has(*PROGRAMS)
        if self.loops and is_new and old is not None and old.has(*PROGRAMS):
            return value.plus(Mark("restart", self.place(target)))
        return value

    # ------------------------------------------------------------ expressions

    def value(self, node: ast.expr | None, *, is_target: bool = False) -> Value:
        """What is known of the value of an expression."""
        if node is None or self._depth > DEEPEST_NODE:
            return NOTHING_KNOWN
        self._step()
        find = _EXPRESSIONS.get(type(node))
        if find is None:
            return NOTHING_KNOWN
        self._depth += 1
        found = find(self, node)
        self._depth -= 1
        return found

    def flat(self, node: ast.expr | None) -> Value:
        """What is known of an expression and of what is in it."""
        return self.heap.flat(self.value(node))

    def test(self, node: ast.expr) -> Value:
        """What is known of a condition."""
        found = self.heap.flat(self.value(node))
        if found.has("budget") and self.loops:
            self.show("budget_awareness", self.place(node))
        return found

    def _name(self, node: ast.Name) -> Value:
        found = self.env.find(node.id)
        return found if found is not None else Value(names=self.qualified(node))

    def _constant(self, node: ast.Constant) -> Value:
        return Value(texts=frozenset((node.value if not isinstance(node.value, str) else node.value[:400],)))

    def _attribute(self, node: ast.Attribute) -> Value:
        return library.attribute(self, node, self.value(node.value))

    def _call(self, node: ast.Call) -> Value:
        called = self.value(node.func)
        given: list[Value] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                given.append(library.element(self, self.value(argument.value), self.place(argument), varies=False))
            else:
                given.append(self.value(argument))
        words = {word.arg or "**": self.value(word.value) for word in node.keywords}
        return self.call(called, given, words, node)

    def call(self, called: Value, given: list[Value], words: dict[str, Value], node: ast.AST) -> Value:
        """What is known of what a call returns."""
        self._step()
        results = [self._follow(function, given, words, node) for function in called.functions]
        results += [
            self._follow(method, given, words, node)
            for cell in self.heap.of(called)
            if cell.made_of is not None
            for method in self.method(called, cell.made_of, "__call__")
        ]
        results += library.call(self, called, given, words, node)
        return join(*results)

    def method(self, base: Value, made_of: Function, name: str) -> list[Function]:
        """The method of a class of the program, bound to `base`."""
        definition = library.definition(made_of.node, name)
        if definition is None:
            return []
        plain = any(
            isinstance(decorator, ast.Name) and decorator.id == "staticmethod"
            for decorator in definition.decorator_list
        )
        remembered = any(self.qualified(decorator) & library.REMEMBERING for decorator in definition.decorator_list)
        key = (made_of, Value(texts=frozenset((name,)), sites=base.sites))
        if key not in self._methods:
            bound = () if plain else (Value(sites=base.sites),)
            self._methods[key] = Function(definition, made_of.env, bound, remembered)
        return [self._methods[key]]

    def _follow(self, function: Function, given: list[Value], words: dict[str, Value], node: ast.AST) -> Value:
        if isinstance(function.node, ast.ClassDef):
            return self._make(function, function.node, given, words, node)
        given = [*function.bound, *given]
        active = next((f for f in self.frames if f.function is not None and f.function.node is function.node), None)
        if active is not None:
            self._see_recursion(active, given, node)
            active.again = [join(*pair) for pair in _longest(active.again, given)]
            return join(*(value for value, _ in active.returns))
        if len(self.frames) > DEEPEST_CALL:
            return join(*given)
        return self._run(function, function.node, given, words, node)

    def _run(
        self,
        function: Function,
        definition: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        given: list[Value],
        words: dict[str, Value],
        node: ast.AST,
    ) -> Value:
        frame = Frame(function, self.place(node), len(self.guards), len(self.loops))
        outer, depth = self.env, self._depth
        n_events = self.n_events
        self.frames.append(frame)
        for turn in range(2):
            arguments = [join(*pair) for pair in _longest(given, frame.again)] if turn else given
            self.env = self._bound(function, definition.args, arguments, words)
            self._depth = min(depth, DEEPEST_NODE // 2)
            if isinstance(definition, ast.Lambda):
                frame.returns.append((self.value(definition.body), frozenset()))
            else:
                self.block(definition.body)
            if not frame.again:
                break
        self.frames.pop()
        self.env, self._depth = outer, depth
        if self.loops and frame.asks_in_loop:
            self._see_search(frame.place, join(*given))
        if function.is_remembered and self.n_events > n_events:
            self.show("caching", self.place(definition))
        return self._returned(frame, node)

    def _see_search(self, place: int, given: Value) -> None:
        """Takes note of a whole search in a loop: each time from the initial solution, or also from others."""
        if given.has(*PROGRAMS):
            self.shown.setdefault("goes on", set()).add(place)
        elif given.has("initial"):
            self.shown.setdefault("restart", set()).add(place)

    def _returned(self, frame: Frame, node: ast.AST) -> Value:
        for value, guards in frame.returns:
            if any(mark.name == "chance" for mark in guards):
                for other, _ in frame.returns:
                    self._see_epsilon(value, other, next(mark.place for mark in guards if mark.name == "chance"))
        found = join(*(value for value, _ in frame.returns))
        tests = frozenset(mark for _, guards in frame.returns for mark in guards)
        if len(frame.returns) > 1 and not self.heap.flat(found).has(*PROGRAMS):
            # What decides between two answers of a function goes into its answer.
            found = found.plus(*(mark for mark in tests if mark.name in library.DECISIONS))
            wordings = {value.texts for value, _ in frame.returns if library.is_wording(value)}
            if len(wordings) > 1 and Value(tests).has(*MOVING):
                found = found.plus(Mark("hint", self.place(node)))
        if frame.yields:
            cell = self.heap.make(self.place(node))
            cell.add(join(*frame.yields))
            found = join(found, Value(sites=frozenset((self.place(node),))))
        return found

    def _bound(self, function: Function, arguments: ast.arguments, given: list[Value], words: dict[str, Value]) -> Env:
        env = Env(function.env)
        outer, self.env = self.env, function.env
        for parameter, default in defaults(arguments):
            env.values[parameter.arg] = self.value(default)
        self.env = outer
        in_order = [*arguments.posonlyargs, *arguments.args]
        for parameter in (*in_order, *arguments.kwonlyargs):
            env.values.setdefault(parameter.arg, words.get("**", NOTHING_KNOWN))
            if parameter.arg in words:
                env.values[parameter.arg] = words[parameter.arg]
        for parameter, value in zip(in_order, given, strict=False):
            env.values[parameter.arg] = value
        if arguments.vararg is not None:
            site = self.place(arguments.vararg)
            self.heap.make(site).add(join(*given[len(in_order) :]))
            env.values[arguments.vararg.arg] = Value(sites=frozenset((site,)))
        return env

    def _make(
        self, function: Function, definition: ast.ClassDef, given: list[Value], words: dict[str, Value], node: ast.AST
    ) -> Value:
        """What is known of a new object."""
        site = self.place(node)
        cell = self.heap.make(site, "object")
        cell.made_of = function
        made = Value(sites=frozenset((site,)))
        for method in self.method(made, function, "__init__"):
            self._follow(method, given, words, node)
        fields = [
            item.target.id
            for item in definition.body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        ]
        for name, value in (*zip(fields, given, strict=False), *words.items()):
            cell.set(name, value)
        if any(self.made_by(value) is definition for value in (*given, *words.values())):
            cell.fields["@linked"] = marked(Mark("linked", site))
        for item in definition.body:
            if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
                cell.set(item.targets[0].id, self.value(item.value))
        return made

    def made_by(self, value: Value) -> ast.AST | None:
        """The class of the program that an object is of."""
        return next((cell.made_of.node for cell in self.heap.of(value) if cell.made_of is not None), None)

    def _see_recursion(self, frame: Frame, given: list[Value], node: ast.AST) -> None:
        branches = len(self.loops) > frame.n_loops
        if branches and any(self.heap.flat(value).has(*PROGRAMS) for value in given):
            self.shown.setdefault("branching", set()).add(self.place(node))
        for loop in self.loops:
            loop.asks = loop.asks or self.n_events > 0

    def _subscript(self, node: ast.Subscript) -> Value:
        return library.subscript(self, node, self.value(node.value))

    def _container(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        site = self.place(node)
        cell = self.heap.make(site)
        for index, element in enumerate(node.elts):
            if isinstance(element, ast.Starred):
                cell.add(self.heap.items(self.value(element.value)))
            else:
                cell.set(index, self.value(element))
        return Value(sites=frozenset((site,)))

    def _dictionary(self, node: ast.Dict) -> Value:
        site = self.place(node)
        cell = self.heap.make(site, "dict")
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.value(item)
            if key is None:
                cell.add(join(*(inner.items for inner in self.heap.of(value))))
                cell.keys = join(cell.keys, self.heap.items(value))
            elif isinstance(key, ast.Constant):
                cell.set(key.value, value)
                cell.keys = join(cell.keys, self.value(key))
                cell.add(value)
            else:
                library.put(self, site, self.value(key), value, node)
        return Value(sites=frozenset((site,)))

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        outer, self.env = self.env, Env(self.env)
        n_guards = len(self.guards)
        loops: list[Loop] = []
        counted: list[Mark] = []
        for generator in node.generators:
            source = self.value(generator.iter)
            if library.is_of_a_program(self, source):
                counted.append(Mark("counted", self.place(generator.iter)))
            loops.append(self._enter(generator.iter, is_statement=False))
            element = library.element(self, source, self.place(generator.iter), varies=True)
            self.assign(generator.target, element)
            for condition in generator.ifs:
                test = self.test(condition)
                self.guards.append(Guard(test, self.place(condition)))
                self._narrow(generator.target, test)
        site = self.place(node)
        if isinstance(node, ast.DictComp):
            self.heap.make(site, "dict")
            library.put(self, site, self.value(node.key), self.value(node.value), node)
        else:
            self.heap.make(site).add(self.value(node.elt))
        del self.guards[n_guards:]
        for loop in reversed(loops):
            self._leave(loop)
        self.env = outer
        return Value(frozenset(counted), sites=frozenset((site,)))

    def _narrow(self, target: ast.expr, test: Value) -> None:
        """Marks what goes through a condition of a comprehension with what the condition is about."""
        for name in ast.walk(target):
            if isinstance(name, ast.Name):
                known = self.env.find(name.id) or NOTHING_KNOWN
                marks = [Mark("new", mark.place, mark.extra) for mark in test.of("member")]
                self.env.set(name.id, known.plus(*marks))

    def _formatted(self, node: ast.JoinedStr) -> Value:
        parts = [self.value(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
        template = "{}".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        return Value(library.written(self, parts, node).marks, texts=frozenset((template[:400],)))

    def _operation(self, node: ast.BinOp) -> Value:
        return library.operation(self, node, self.value(node.left), self.value(node.right))

    def _comparison(self, node: ast.Compare) -> Value:
        sides = [self.value(side) for side in (node.left, *node.comparators)]
        return library.comparison(self, node, sides)

    def _choice(self, node: ast.IfExp) -> Value:
        test = self.test(node.test)
        self.guards.append(Guard(test, self.place(node)))
        one, other = self.value(node.body), self.value(node.orelse)
        self.guards.pop()
        return self.either(one, other, test, node)

    def _either(self, node: ast.BoolOp) -> Value:
        found = []
        n_guards = len(self.guards)
        for part in node.values:
            found.append(self.value(part))
            self.guards.append(Guard(self.heap.flat(found[-1]), self.place(part)))
        del self.guards[n_guards:]
        return join(*found)

    def _operand(self, node: ast.UnaryOp) -> Value:
        found = self.value(node.operand)
        return Value(found.marks, sites=found.sites)

    def _function(self, node: ast.Lambda) -> Value:
        return Value(functions=frozenset((Function(node, self.env),)))

    def _named(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.assign(node.target, value)
        return value

    def _inner(self, node: ast.Await | ast.Starred | ast.YieldFrom) -> Value:
        return self.value(node.value)

    def _yield(self, node: ast.Yield) -> Value:
        self.frames[-1].yields.append(self.value(node.value))
        return NOTHING_KNOWN


def _longest(one: list[Value], other: list[Value]) -> list[tuple[Value, Value]]:
    length = max(len(one), len(other))
    padded = [values + [NOTHING_KNOWN] * (length - len(values)) for values in (one, other)]
    return list(zip(*padded, strict=True))


def _has_break(node: ast.While) -> bool:
    return any(isinstance(inner, ast.Break) for inner in ast.walk(node))


_STATEMENTS: dict[type[ast.AST], Callable[[DryRun, Any], bool]] = {
    ast.If: DryRun._if,
    ast.While: DryRun._while,
    ast.For: DryRun._for,
    ast.AsyncFor: DryRun._for,
    ast.Break: DryRun._break,
    ast.Continue: DryRun._break,
    ast.Return: DryRun._return,
    ast.Raise: DryRun._raise,
    ast.Try: DryRun._try,
    ast.With: DryRun._with,
    ast.AsyncWith: DryRun._with,
    ast.Match: DryRun._match,
    ast.FunctionDef: DryRun._define,
    ast.AsyncFunctionDef: DryRun._define,
    ast.ClassDef: DryRun._define,
    ast.Global: DryRun._declare,
    ast.Nonlocal: DryRun._declare,
    ast.Expr: DryRun._expression,
    ast.Delete: DryRun._delete,
    ast.Assign: DryRun._assign,
    ast.AnnAssign: DryRun._assign_annotated,
    ast.AugAssign: DryRun._assign_augmented,
}
_EXPRESSIONS: dict[type[ast.AST], Callable[[DryRun, Any], Value]] = {
    ast.Name: DryRun._name,
    ast.Constant: DryRun._constant,
    ast.Attribute: DryRun._attribute,
    ast.Call: DryRun._call,
    ast.Subscript: DryRun._subscript,
    ast.List: DryRun._container,
    ast.Tuple: DryRun._container,
    ast.Set: DryRun._container,
    ast.Dict: DryRun._dictionary,
    ast.ListComp: DryRun._comprehension,
    ast.SetComp: DryRun._comprehension,
    ast.GeneratorExp: DryRun._comprehension,
    ast.DictComp: DryRun._comprehension,
    ast.JoinedStr: DryRun._formatted,
    ast.BinOp: DryRun._operation,
    ast.Compare: DryRun._comparison,
    ast.IfExp: DryRun._choice,
    ast.BoolOp: DryRun._either,
    ast.UnaryOp: DryRun._operand,
    ast.Lambda: DryRun._function,
    ast.NamedExpr: DryRun._named,
    ast.Await: DryRun._inner,
    ast.Starred: DryRun._inner,
    ast.YieldFrom: DryRun._inner,
    ast.Yield: DryRun._yield,
}
