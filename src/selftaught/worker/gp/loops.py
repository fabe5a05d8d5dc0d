"""Finding the loop of a program that makes one candidate after another, and the parts of that loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .program import Draft, blocks, functions, parameters, walk
from .roles import Roles


@dataclass(frozen=True)
class Loop:
    """A loop of a function.

    Attributes:
        function: The function.
        around: The list of statements that the loop stands in.
        node: The loop.
    """

    function: ast.FunctionDef
    around: list[ast.stmt]
    node: ast.For | ast.While

    @property
    def counter(self) -> str:
        """The name that counts a `range` loop, or an empty text."""
        target = self.node.target if isinstance(self.node, ast.For) else None
        return target.id if isinstance(target, ast.Name) and self.count is not None else ""

    @property
    def count(self) -> ast.expr | None:
        """How often a `range` loop runs, as an expression."""
        if not isinstance(self.node, ast.For) or not isinstance(self.node.iter, ast.Call):
            return None
        call = self.node.iter
        is_range = isinstance(call.func, ast.Name) and call.func.id == "range" and len(call.args) == 1
        return call.args[0] if is_range else None

    def before(self, new: list[ast.stmt]) -> None:
        """Put statements just before the loop."""
        place = next(place for place, node in enumerate(self.around) if node is self.node)
        self.around[place:place] = new


@dataclass(frozen=True)
class Step:
    """The statement of a loop that makes a candidate from a parent.

    Attributes:
        loop: The loop.
        block: The list of statements that it stands in.
        statement: The assignment.
        parent: The name that it starts from.
        target: The name that it assigns; the parent's own where results are fed back.
    """

    loop: Loop
    block: list[ast.stmt]
    statement: ast.Assign
    parent: str
    target: str

    @property
    def feeds_back(self) -> bool:
        """Whether each result becomes the next parent, good or bad."""
        return self.parent == self.target

    @property
    def place(self) -> int:
        """The position in the block."""
        return next(place for place, node in enumerate(self.block) if node is self.statement)

    def after(self, new: list[ast.stmt], *, skip: int = 0) -> None:
        """Put statements after the step and `skip` statements that follow it."""
        place = self.place + 1 + skip
        self.block[place:place] = new


@dataclass(frozen=True)
class Incumbent:
    """A loop that keeps the better of its best so far and each candidate.

    Attributes:
        step: Where the candidate comes from.
        value: The name of the candidate's value.
        best_value: The name of the incumbent's value.
        n_between: Statements between the step and the point where the value is known.
    """

    step: Step
    value: str
    best_value: str
    n_between: int


def loops(draft: Draft, who: Roles) -> list[Loop]:
    """The loops of the entry, then those of other functions that have the subject and the judge."""
    defined = functions(draft.tree)
    wanted = {who.subject, who.judge} - {""}
    others = [function for name, function in defined.items() if name != draft.entry]
    able = [function for function in others if wanted <= set(parameters(function))]
    return [loop for function in (defined[draft.entry], *able) for loop in _loops_in(function)]


def _loops_in(function: ast.FunctionDef) -> Iterator[Loop]:
    for block in blocks(function):
        for node in block:
            if isinstance(node, ast.For | ast.While):
                yield Loop(function, block, node)


def steps(draft: Draft, who: Roles) -> list[Step]:
    """Every step of the program: an assignment in a loop whose value comes from the subject or a descendant of it."""
    found: list[Step] = []
    for loop in loops(draft, who):
        sources = descendants(loop, who)
        for block in blocks(loop.node):
            for statement in block:
                step = _as_step(loop, block, statement, sources)
                if step is not None:
                    found.append(step)
    return found


def descendants(loop: Loop, who: Roles) -> list[str]:
    """The subject and the names that got their value from it before the loop."""
    found = [who.subject]
    for statement in loop.around:
        if statement is loop.node:
            break
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, value = statement.targets[0].id, statement.value
            if isinstance(value, ast.Name) and value.id in found and name not in found:
                found.append(name)
    return found


def _as_step(loop: Loop, block: list[ast.stmt], statement: ast.stmt, sources: list[str]) -> Step | None:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    made = isinstance(statement.value, ast.Call | ast.BinOp | ast.IfExp | ast.ListComp)
    if not made or not isinstance(target, ast.Name):
        return None
    loaded = [node.id for node in walk(statement.value) if isinstance(node, ast.Name)]
    parents = [name for name in loaded if name in sources]
    if not parents or _is_judged(statement.value, parents):
        return None
    parent = target.id if target.id in parents else parents[0]
    return Step(loop, block, statement, parent, target.id)


def _is_judged(value: ast.expr, parents: list[str]) -> bool:
    """Whether a value is `judge(parent)` rather than a candidate: a call of a bare name with nothing but a name."""
    if not isinstance(value, ast.Call) or value.keywords or len(value.args) != 1:
        return False
    return isinstance(value.args[0], ast.Name) and isinstance(value.func, ast.Name) and value.args[0].id not in parents


def incumbents(draft: Draft, who: Roles) -> list[Incumbent]:
    """The loops that keep the better: the step's target is compared by its value and then taken over as the parent."""
    found: list[Incumbent] = []
    for step in steps(draft, who):
        if step.feeds_back:
            continue
        names = _value_names(step, who)
        if names is not None:
            found.append(Incumbent(step, *names))
    return found


def _value_names(step: Step, who: Roles) -> tuple[str, str, int] | None:
    """The names of the candidate's and the incumbent's value and where the former is known, from a step's own block."""
    value, known_at = "", 0
    for distance, statement in enumerate(step.block[step.place + 1 :]):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            if _calls(statement.value, who.judge, step.target):
                value, known_at = statement.targets[0].id, distance + 1
        elif isinstance(statement, ast.If) and value and isinstance(statement.test, ast.Compare):
            sides = [statement.test.left, *statement.test.comparators]
            names = [side.id for side in sides if isinstance(side, ast.Name)]
            others = [name for name in names if name != value]
            if len(names) == 2 and len(others) == 1 and step.parent in _assigned(statement):
                return value, others[0], known_at
    return None


def _calls(node: ast.expr, name: str, argument: str) -> bool:
    """Whether an expression is the call `name(argument)`."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == name
        and any(isinstance(given, ast.Name) and given.id == argument for given in node.args)
    )


def _assigned(node: ast.AST) -> list[str]:
    """The names that a statement assigns."""
    return [inner.id for inner in walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)]


def helper_calls(draft: Draft, loop: Loop) -> list[ast.Call]:
    """The calls in a loop of the program's own functions."""
    defined = functions(draft.tree)
    return [
        node
        for node in walk(loop.node)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in defined
        and node.func.id != loop.function.name
    ]
