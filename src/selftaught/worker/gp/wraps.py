"""Wrapping a function that maps its first argument to the same kind: iterate, restart, keep the better, guard."""

from __future__ import annotations

import ast
import copy
from random import Random

from .loops import Loop, Step, helper_calls, loops, steps
from .program import Draft, blocks, docstring_offset, expression, functions, parameters, replace_name, statements, walk
from .roles import Roles, roles
from .vocabulary import number_attributes

COUNTS = (2, 3, 4, 4, 5, 6, 8, 8, 10, 12, 16, 16, 20, 32, 64)


def enclose(draft: Draft, body: str, *, suffix: str = "step", **names: str) -> ast.FunctionDef:
    """Make the entry function a helper, and a new entry function of its name with the given body.

    Args:
        draft: The program.
        body: Source text of the new body; `{CALL}` in it stands for a call of the helper, with the entry's arguments.
        suffix: What the helper's name ends with.
        names: What else the text's fields stand for; `SUBJECT` is what the helper gets as its first argument.

    Returns:
        The new entry function.
    """
    function = draft.function()
    place = next(index for index, node in enumerate(draft.tree.body) if node is function)
    helper = draft.fresh(f"{function.name}_{suffix}", f"{function.name}_inner")
    call = _call(helper, function, names.get("PARENT", parameters(function)[0]))
    new = ast.FunctionDef(
        name=function.name,
        args=copy.deepcopy(function.args),
        body=statements(body.format(CALL=call, **names)),
        decorator_list=[],
        returns=copy.deepcopy(function.returns),
        lineno=function.lineno,
        col_offset=0,
    )
    if hasattr(function, "type_params"):
        new.type_params = []  # type: ignore[attr-defined,unused-ignore]
    if docstring_offset(function.body):
        new.body.insert(0, copy.deepcopy(function.body[0]))
    for node in walk(function):
        if isinstance(node, ast.Name) and node.id == function.name:
            node.id = helper
    function.name = helper
    draft.tree.body.insert(place + 1, new)
    return new


def _call(helper: str, function: ast.FunctionDef, first: str) -> str:
    """A call of the helper with all of a function's arguments, the first replaced, as source text."""
    arguments = function.args
    by_position = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    given = [first, *by_position[1:]]
    if arguments.vararg:
        given.append(f"*{arguments.vararg.arg}")
    given += [f"{argument.arg}={argument.arg}" for argument in arguments.kwonlyargs]
    if arguments.kwarg:
        given.append(f"**{arguments.kwarg.arg}")
    return f"{helper}({', '.join(given)})"


def iterate(draft: Draft, rng: Random) -> str | None:
    """Apply the function several times, each time to its own result."""
    who = roles(draft)
    if who is None or _is_enough(draft, who, rng):
        return None
    current, step = draft.fresh("current", "latest"), draft.fresh("step", "turn")
    body = "{CURRENT} = {SUBJECT}\nfor {STEP} in range({COUNT}):\n    {CURRENT} = {CALL}\nreturn {CURRENT}"
    count = _count(draft, rng)
    enclose(draft, body, CURRENT=current, SUBJECT=who.subject, STEP=step, COUNT=count, PARENT=current)
    return "iterate the step, each time on its own result"


def _is_enough(draft: Draft, who: Roles, rng: Random) -> bool:
    """Whether not to put one more loop around a function that loops already: mostly."""
    return bool(loops(draft, who)) and rng.random() < 0.7


def _count(draft: Draft, rng: Random) -> str:
    """How often a new loop runs, as source text: a number, or an attribute of a parameter that is known to be one."""
    attributes = number_attributes(parameters(draft.function()), draft.hints)
    return rng.choice(attributes) if attributes and rng.random() < 0.3 else str(rng.choice(COUNTS))


def restart(draft: Draft, rng: Random) -> str | None:
    """Apply the function several times to the same argument, and return the best of the results."""
    who = roles(draft)
    if who is None or not who.judge or _is_enough(draft, who, rng):
        return None
    attempt, count = draft.fresh("attempt", "trial"), _count(draft, rng)
    names = {"SUBJECT": who.subject, "ATTEMPT": attempt, "COUNT": count, "JUDGE": who.judge, "PARENT": who.subject}
    if rng.random() < 0.5:
        names |= {"RESULTS": draft.fresh("results", "outcomes"), "PICK": who.pick}
        names["FIRST"] = f"[{who.subject}]" if rng.random() < 0.6 else "[]"
        enclose(draft, _ALL_RESULTS, suffix="attempt", **names)
        return _perhaps_guarded("restart several times and take the best", draft, rng)
    names |= {"BEST": draft.fresh("best", "best_result"), "BEST_VALUE": draft.fresh("best_value", "top_value")}
    names |= {"CANDIDATE": draft.fresh("candidate", "result"), "VALUE": draft.fresh("value", "candidate_value")}
    enclose(draft, _BEST_RESULT, suffix="attempt", BETTER=who.better, **names)
    return _perhaps_guarded("restart several times and remember the best", draft, rng)


def _perhaps_guarded(idea: str, draft: Draft, rng: Random) -> str:
    """The idea, half of the time with a loop that stops at the first failure: attempts may use up what they share."""
    stopped = guard(draft, rng) if rng.random() < 0.5 else None
    return idea if stopped is None else f"{idea}, and {stopped}"


_ALL_RESULTS = """\
{RESULTS} = {FIRST}
for {ATTEMPT} in range({COUNT}):
    {RESULTS}.append({CALL})
return {PICK}({RESULTS}, key={JUDGE})"""
_BEST_RESULT = """\
{BEST} = {SUBJECT}
{BEST_VALUE} = {JUDGE}({BEST})
for {ATTEMPT} in range({COUNT}):
    {CANDIDATE} = {CALL}
    {VALUE} = {JUDGE}({CANDIDATE})
    if {VALUE} {BETTER} {BEST_VALUE}:
        {BEST}, {BEST_VALUE} = ({CANDIDATE}, {VALUE})
return {BEST}"""


def go_on(draft: Draft, rng: Random) -> str | None:
    """Start each step of a loop from the best so far or the last result, where each starts from the same thing."""
    who = roles(draft)
    if who is None:
        return None
    for step in steps(draft, who):
        kept = _taken_over(step)
        if not step.feeds_back and kept and kept != step.parent:
            replace_name(step.statement.value, step.parent, kept)
            return "go on from the best so far"
    for loop in loops(draft, who):
        for name, call in _appended(loop):
            if _starts_with(loop, name, who.subject) and _mentions(call, who.subject):
                replace_name(call, who.subject, f"{name}[-1]")
                return "go on from the last result"
    return None


def _appended(loop: Loop) -> list[tuple[str, ast.Call]]:
    """The lists that a loop appends the result of a call to, each with that call."""
    found: list[tuple[str, ast.Call]] = []
    for node in walk(loop.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            name, calls = node.func.value, [call for call in node.args if isinstance(call, ast.Call)]
            found += [(name.id, call) for call in calls if isinstance(name, ast.Name)]
    return found


def _taken_over(step: Step) -> str:
    """The name that takes over the step's target under a condition later in its block, or an empty text."""
    conditions = [statement for statement in step.block[step.place + 1 :] if isinstance(statement, ast.If)]
    for node in (node for condition in conditions for node in walk(condition) if isinstance(node, ast.Assign)):
        for name, value in _pairs(node):
            if isinstance(value, ast.Name) and value.id == step.target:
                return name
    return ""


def _pairs(node: ast.Assign) -> list[tuple[str, ast.expr]]:
    """The names that an assignment binds, each with its value, one by one."""
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        both = zip(target.elts, value.elts, strict=False)
        return [(name.id, part) for name, part in both if isinstance(name, ast.Name)]
    return []


def _starts_with(loop: Loop, name: str, subject: str) -> bool:
    """Whether a list begins with the subject before a loop."""
    for statement in loop.around:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.List) and statement.value.elts:
            target, first = statement.targets[0], statement.value.elts[0]
            if isinstance(target, ast.Name) and target.id == name:
                return isinstance(first, ast.Name) and first.id == subject
    return False


def keep_better(draft: Draft, rng: Random) -> str | None:
    """Keep the better of argument and result: in a loop that feeds results back, else where the function returns."""
    who = roles(draft)
    if who is None or not who.judge:
        return None
    feeding = [step for step in steps(draft, who) if step.feeds_back]
    if feeding:
        return keep_in_loop(draft, rng.choice(feeding), who)
    return _keep_in_return(draft, who, rng)


def keep_in_loop(draft: Draft, step: Step, who: Roles) -> str:
    """Let a loop's result replace what it came from only where it is better."""
    best_value = draft.fresh(f"{step.parent}_value", "best_value")
    value, candidate = draft.fresh("value", "candidate_value"), draft.fresh("candidate", "result")
    step.loop.before(statements(f"{best_value} = {who.judge}({step.parent})"))
    new = f"{value} = {who.judge}({candidate})\nif {value} {who.better} {best_value}:\n    "
    new += f"{step.parent}, {best_value} = ({candidate}, {value})"
    made = _inside_pick(step)
    step.after(statements(new))
    step.statement.targets = [ast.Name(candidate, ast.Store())]
    step.statement.value = made
    return "keep the better of what there was and the result"


def _inside_pick(step: Step) -> ast.expr:
    """What makes the candidate: the step's value, or the call within it where that picks the better already."""
    value = step.statement.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in {"max", "min"}:
        for node in walk(value):
            if isinstance(node, ast.Call) and node is not value:
                return node
    return value


def _keep_in_return(draft: Draft, who: Roles, rng: Random) -> str | None:
    """Let the argument compete with what the function returns."""
    function = draft.function()
    nodes = [node for block in blocks(function) for node in block]
    returns = [node for node in nodes if isinstance(node, ast.Return) and node.value is not None]
    free = [node for node in returns if not _mentions(node.value, who.subject)]
    if not free or any(isinstance(node, ast.For | ast.While) for node in nodes):
        return None
    place = rng.choice(free)
    value = place.value
    if value is None:
        return None
    if _is_pick(value) and isinstance(value, ast.Call):
        value.args = [ast.List([ast.Name(who.subject, ast.Load()), ast.Starred(value.args[0], ast.Load())], ast.Load())]
        return "let the argument compete with the results"
    pair = ast.Tuple([ast.Name(who.subject, ast.Load()), value], ast.Load())
    key = ast.keyword("key", ast.Name(who.judge, ast.Load()))
    place.value = ast.Call(ast.Name(who.pick, ast.Load()), [pair], [key])
    return "return the better of argument and result"


def _is_pick(value: ast.expr) -> bool:
    """Whether a value is `max(results, key=...)` or its like, of one collection."""
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in {"max", "min"}
        and len(value.args) == 1
        and any(keyword.arg == "key" for keyword in value.keywords)
    )


def _mentions(node: ast.AST | None, name: str) -> bool:
    return node is not None and any(isinstance(inner, ast.Name) and inner.id == name for inner in walk(node))


def guard(draft: Draft, rng: Random) -> str | None:
    """Stop at the first exception and return what has been found by then."""
    who = roles(draft)
    if who is None:
        return None
    unguarded = [loop for loop in loops(draft, who) if not _is_guarded(loop)]
    if unguarded:
        guard_loop(rng.choice([loop for loop in unguarded if helper_calls(draft, loop)] or unguarded))
        return "stop at the first failure with what there is"
    function = draft.function()
    start = docstring_offset(function.body)
    if start == len(function.body) or any(isinstance(node, ast.Try | ast.For | ast.While) for node in function.body):
        return None
    attempt = ast.parse(f"try:\n    pass\nexcept Exception:\n    return {who.subject}").body[0]
    if isinstance(attempt, ast.Try):
        attempt.body = function.body[start:]
        function.body[start:] = [attempt]
    return "return the argument where the work fails"


def _is_guarded(loop: Loop) -> bool:
    return any(isinstance(node, ast.Try) for node in loop.node.body)


def guard_loop(loop: Loop) -> None:
    """Let any exception in the loop's body end the loop."""
    attempt = ast.parse("for _ in ():\n    try:\n        pass\n    except Exception:\n        break").body[0]
    inner = attempt.body[0] if isinstance(attempt, ast.For) else None
    if isinstance(inner, ast.Try):
        inner.body = loop.node.body
        loop.node.body = [inner]


def cache(draft: Draft, rng: Random) -> str | None:
    """Ask the judge only once about each thing."""
    who = roles(draft)
    if who is None or not who.judge:
        return None
    known, judged = draft.fresh("known", "known_values"), draft.fresh(f"remembered_{who.judge}", "remembered")
    if any(isinstance(node, ast.FunctionDef) for node in draft.function().body):
        return None
    used = [
        node.attr
        for node in walk(draft.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == who.judge
    ]
    copied = "".join(f"{judged}.{name} = {who.judge}.{name}\n" for name in dict.fromkeys(used))
    body = (
        "{KNOWN} = {{}}\ndef {JUDGED}(item):\n    if item not in {KNOWN}:\n        {KNOWN}[item] = {JUDGE}(item)\n"
        "    return {KNOWN}[item]\n{COPIED}return {CALL}"
    )
    new = enclose(draft, body, suffix="search", KNOWN=known, JUDGED=judged, JUDGE=who.judge, COPIED=copied)
    for node in walk(new.body[-1]):
        if isinstance(node, ast.Name) and node.id == who.judge:
            node.id = judged
    return "remember the values that are known"


def change_count(draft: Draft, rng: Random) -> str | None:
    """Let a loop run more or less often."""
    constants: list[ast.Call] = []
    for function in functions(draft.tree).values():
        constants += [node for node in walk(function) if _constant_range(node) and isinstance(node, ast.Call)]
    if not constants:
        return None
    call = rng.choice(constants)
    old = call.args[0].value if isinstance(call.args[0], ast.Constant) else 1
    if not isinstance(old, int) or not 0 <= old < 10**6:
        return None
    new = rng.choice([old * 2, old * 4, old * 2, old + 1, old + 4, max(1, old // 2)])
    call.args[0] = expression(str(new))
    return f"run a loop {new} times"


def _constant_range(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "range"
        and len(node.args) == 1
        and isinstance(node.args[0], ast.Constant)
    )
