"""Who is who in a program that maps its first argument to the same kind: what it improves, and by whose judgement."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from .program import Draft, functions, parameters, walk
from .vocabulary import CALLABLE, NUMBER, kinds

_COST_WORDS = frozenset({"cost", "loss", "error", "penalty", "distance", "energy", "residual"})


_VOTES = {"max": 1, "min": -1}


@dataclass(frozen=True)
class Roles:
    """What the entry function's parameters are for.

    Attributes:
        subject: The first parameter: what is improved.
        judge: The parameter that is called, or given as `key=`, to compare results; empty if there is none.
        highest: Whether more is better by the judge.
    """

    subject: str
    judge: str
    highest: bool

    @property
    def better(self) -> str:
        """The comparison that says "better"."""
        return ">" if self.highest else "<"

    @property
    def pick(self) -> str:
        """The builtin that picks the best."""
        return "max" if self.highest else "min"


def roles(draft: Draft) -> Roles | None:
    """The roles in a program whose entry function may be applied to its own result, or `None`.

    That is guessed from a judge among the parameters, else from a result annotated like the first parameter.
    """
    function = draft.function()
    names = parameters(function)
    if not names or not (function.args.posonlyargs or function.args.args):
        return None
    judge = _judge(draft, names[1:])
    if judge:
        return Roles(names[0], judge, _more_is_better(draft, judge))
    first = [*function.args.posonlyargs, *function.args.args][0].annotation
    if first is None or function.returns is None or ast.dump(first) != ast.dump(function.returns):
        return None
    if NUMBER in kinds(function).get(names[0], set()):
        return None
    return Roles(names[0], "", True)


def _judge(draft: Draft, names: list[str]) -> str:
    """The parameter used as `key=`, else one that is called with a single argument."""
    as_key: dict[str, int] = {}
    called: dict[str, int] = {}
    for node in walk(draft.tree):
        if isinstance(node, ast.keyword) and node.arg == "key" and isinstance(node.value, ast.Name):
            as_key[node.value.id] = as_key.get(node.value.id, 0) + 1
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
            called[node.func.id] = called.get(node.func.id, 0) + (3 if _words(node.func.id) & _COST_WORDS else 1)
    for table in (as_key, called):
        found = [name for name in names if name in table]
        if found:
            return max(found, key=lambda name: table[name])
    function = functions(draft.tree)[draft.entry]
    declared = kinds(function)
    return next((name for name in names if CALLABLE in declared.get(name, set())), "")


def _words(name: str) -> set[str]:
    return set(re.findall(r"[a-z]+", name.lower()))


def _more_is_better(draft: Draft, judge: str) -> bool:
    """Whether the program prefers high values of the judge: by its `max`, `min` and comparisons, else by the name."""
    calls = [node for node in walk(draft.tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    judged = [call for call in calls if any(_is_name(keyword.value, judge) for keyword in call.keywords)]
    votes = sum(_VOTES.get(call.func.id, 0) for call in judged if isinstance(call.func, ast.Name))
    if votes == 0:
        votes = _compared(draft, judge)
    return votes > 0 or (votes == 0 and not _words(judge) & _COST_WORDS)


def _compared(draft: Draft, judge: str) -> int:
    """Votes from `if judge(a) > judge(b)`, where `a` is then taken."""
    votes = 0
    for node in walk(draft.tree):
        if not isinstance(node, ast.If | ast.IfExp) or not isinstance(node.test, ast.Compare):
            continue
        left = node.test.left
        asked = left.args[:1] if isinstance(left, ast.Call) and _is_name(left.func, judge) else []
        if asked and isinstance(asked[0], ast.Name):
            body = node.body if isinstance(node.body, list) else [node.body]
            taken = any(_is_loaded(inner, asked[0].id) for part in body for inner in walk(part))
            votes += 1 if taken == isinstance(node.test.ops[0], ast.Gt | ast.GtE) else -1
    return votes


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_loaded(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
