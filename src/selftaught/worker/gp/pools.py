"""Searching from more than one: a sorted pool, several parents in one call, worse results accepted now and then."""

from __future__ import annotations

import ast
from random import Random

from .loops import Incumbent, Loop, helper_calls, incumbents, loops, steps
from .program import Draft, add_import, blocks, expression, functions, replace_name, statements, walk
from .roles import Roles, roles
from .wraps import iterate, keep_in_loop

_FENCES = ("```", "~~~")
_COUNT_WORDS = ("n_", "num", "count", "size", "samples")


def _incumbent(draft: Draft, who: Roles, rng: Random) -> Incumbent | None:
    """A loop that keeps the better and starts each step from it; made from one that feeds results back where needed."""
    found = incumbents(draft, who)
    if not found:
        feeding = [step for step in steps(draft, who) if step.feeds_back]
        if not feeding and loops(draft, who):
            return None
        if not feeding:
            iterate(draft, rng)
            feeding = [step for step in steps(draft, who) if step.feeds_back]
        if not feeding:
            return None
        keep_in_loop(draft, feeding[0], who)
        found = incumbents(draft, who)
    return rng.choice(found) if found else None


def _start_from(incumbent: Incumbent, new: str) -> None:
    """Let the step start from another expression than the incumbent."""
    replace_name(incumbent.step.statement.value, incumbent.step.parent, new)


def pool(draft: Draft, rng: Random) -> str | None:
    """Keep several results, sorted by the judge, and start from each in turn."""
    who = roles(draft)
    if who is None or not who.judge:
        return None
    incumbent = _incumbent(draft, who, rng)
    if incumbent is None:
        return None
    step, name, size = incumbent.step, draft.fresh("pool", "population"), rng.choice([2, 3, 4, 4, 6, 8])
    step.loop.before(statements(f"{name} = [({incumbent.best_value}, {step.parent})]"))
    counter = step.loop.counter
    if counter and rng.random() < 0.6:
        _start_from(incumbent, f"{name}[{counter} % len({name})][1]")
    else:
        add_import(draft.tree, "random")
        _start_from(incumbent, f"random.choice({name})[1]")
    order = ", reverse=True" if who.highest else ""
    new = f"{name} = sorted([*{name}, ({incumbent.value}, {step.target})], key=lambda pair: pair[0]{order})[:{size}]"
    step.after(statements(new), skip=incumbent.n_between)
    return f"keep the best {size} and start from each in turn"


def accept_worse(draft: Draft, rng: Random) -> str | None:
    """Go on from a worse result now and then, while the best is kept aside."""
    who = roles(draft)
    if who is None or not who.judge:
        return None
    incumbent = _incumbent(draft, who, rng)
    if incumbent is None:
        return None
    step = incumbent.step
    add_import(draft.tree, "random")
    start, start_value = draft.fresh("start", "origin"), draft.fresh("start_value", "origin_value")
    step.loop.before(statements(f"{start}, {start_value} = ({step.parent}, {incumbent.best_value})"))
    _start_from(incumbent, start)
    chance = rng.choice([0.05, 0.1, 0.2, 0.3])
    new = f"if {incumbent.value} {who.better}= {start_value} or random.random() < {chance}:\n    "
    new += f"{start}, {start_value} = ({step.target}, {incumbent.value})"
    step.after(statements(new), skip=incumbent.n_between)
    return "go on from a worse result now and then"


def spread(draft: Draft, rng: Random) -> str | None:
    """Show a helper earlier results beside the one to start from, where it writes its first argument into a text."""
    who = roles(draft)
    if who is None:
        return None
    for loop in rng.sample(every := loops(draft, who), len(every)):
        for call in helper_calls(draft, loop):
            helper = functions(draft.tree)[call.func.id if isinstance(call.func, ast.Name) else ""]
            if _takes_others(draft, helper):
                others = _others(draft, loop, call, rng)
                if others is None:
                    return None
                name = _show_others(draft, helper)
                call.keywords.append(ast.keyword(name, expression(others)))
                return "show several parents in one call"
    return None


def _text_with_first(helper: ast.FunctionDef) -> tuple[ast.AST, str, ast.JoinedStr, int] | None:
    """A helper's text that shows its first parameter: what holds it, in which field, itself, the part's position."""
    if not helper.args.args:
        return None
    first = helper.args.args[0].arg
    for parent in walk(helper):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.JoinedStr):
                for place, part in enumerate(value.values):
                    shown = isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name)
                    if shown and isinstance(part, ast.FormattedValue) and ast.unparse(part.value) == first:
                        return parent, field, value, place
    return None


def _takes_others(draft: Draft, helper: ast.FunctionDef) -> bool:
    plain = not (helper.args.vararg or helper.args.kwonlyargs or helper.args.kwarg)
    if not plain or any(isinstance(default, ast.Tuple) for default in helper.args.defaults):
        return False
    return _text_with_first(helper) is not None


def _show_others(draft: Draft, helper: ast.FunctionDef) -> str:
    """Give a helper a parameter for more of what its first is, and let its text show them; the parameter's name."""
    found = _text_with_first(helper)
    name, other = draft.fresh("others", "relatives"), draft.fresh("other", "relative")
    helper.args.args.append(ast.arg(name))
    helper.args.defaults.append(ast.Tuple([], ast.Load()))
    if found is None:
        return name
    parent, field, text, place = found
    opening, closing = _edges(text, place)
    shown = ast.JoinedStr(
        [
            ast.Constant(f"\n\n{opening}\n" if opening else "\n\n"),
            ast.FormattedValue(ast.Name(other, ast.Load()), -1),
            ast.Constant(f"\n{closing}" if closing else "\n"),
        ]
    )
    joined = expression(f"''.join(X for {other} in {name})")
    for node in walk(joined):
        if isinstance(node, ast.GeneratorExp):
            node.elt = shown
    setattr(parent, field, ast.BinOp(text, ast.Add(), joined))
    return name


def _edges(text: ast.JoinedStr, place: int) -> tuple[str, str]:
    """The lines just before and after a part of a text where they fence it, else empty texts."""
    before = text.values[place - 1] if place > 0 else None
    after = text.values[place + 1] if place + 1 < len(text.values) else None
    opening = str(before.value).rstrip("\n").rpartition("\n")[2] if isinstance(before, ast.Constant) else ""
    closing = str(after.value).lstrip("\n").partition("\n")[0] if isinstance(after, ast.Constant) else ""
    fenced = opening.strip().startswith(_FENCES) and closing.strip().startswith(_FENCES)
    return (opening, closing) if fenced else ("", "")


def _others(draft: Draft, loop: Loop, call: ast.Call, rng: Random) -> str | None:
    """An expression for earlier results in a loop: from a list that the loop keeps, else from a new one."""
    n_others = rng.choice([2, 3, 4])
    kept = _kept_list(loop)
    if kept is not None:
        name, paired = kept
        return f"[pair[1] for pair in {name}[:{n_others}]]" if paired else f"{name}[-{n_others}:]"
    for block, place, target in _assignments_with(loop, call):
        seen = draft.fresh("seen", "earlier")
        loop.before(statements(f"{seen} = []"))
        block[place + 1 : place + 1] = statements(f"{seen}.append({target})")
        return f"{seen}[-{n_others}:]"
    return None


def _assignments_with(loop: Loop, call: ast.Call) -> list[tuple[list[ast.stmt], int, str]]:
    """Where in a loop a call's result is assigned, and to which name."""
    found: list[tuple[list[ast.stmt], int, str]] = []
    for block in blocks(loop.node):
        for place, statement in enumerate(block):
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                inside = any(node is call for node in walk(statement))
                found += [(block, place, statement.targets[0].id)] if inside else []
    return found


def _kept_list(loop: Loop) -> tuple[str, bool] | None:
    """A list of results that is started just before a loop, and whether it holds pairs of value and result."""
    for statement in loop.around:
        if statement is loop.node:
            break
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.List) and isinstance(target, ast.Name):
            first = statement.value.elts[0] if statement.value.elts else None
            return target.id, isinstance(first, ast.Tuple)
    return None


def share(draft: Draft, rng: Random) -> str | None:
    """Start from several of the pool in every turn, each with a share of the samples."""
    who = roles(draft)
    if who is None or not who.judge:
        return None
    incumbent = _incumbent(draft, who, rng)
    if incumbent is None:
        return None
    step = incumbent.step
    calls = [call for call in helper_calls(draft, step.loop) if any(node is call for node in walk(step.statement))]
    name, parent = draft.fresh("pool", "population"), draft.fresh("parent", "origin")
    n_parents, order = rng.choice([2, 3, 4]), ", reverse=True" if who.highest else ""
    lifted = _lift_count(draft, calls[0]) if calls else ""
    step.loop.before(statements(f"{name} = [({incumbent.best_value}, {step.parent})]"))
    _start_from(incumbent, parent)
    if lifted:
        calls[0].keywords.append(ast.keyword(lifted, expression(f"min({n_parents}, len({name}))")))
    new = f"{name} = sorted([*{name}, ({incumbent.value}, {step.target})], key=lambda pair: pair[0]{order})"
    step.after(statements(new), skip=incumbent.n_between)
    each = statements(f"for _, {parent} in {name}[:{n_parents}]:\n    pass")[0]
    if isinstance(each, ast.For):
        each.body = step.block[:]
        step.block[:] = [each]
    return f"spread each turn over {n_parents} parents"


def _lift_count(draft: Draft, call: ast.Call) -> str:
    """Let a helper divide the count that it gives to a call by a new parameter; its name, or an empty text."""
    helper = functions(draft.tree)[call.func.id if isinstance(call.func, ast.Name) else ""]
    if helper.args.vararg or helper.args.kwonlyargs or helper.args.kwarg:
        return ""
    given = [keyword for inner in walk(helper) if isinstance(inner, ast.Call) for keyword in inner.keywords]
    for keyword in given:
        if keyword.arg and keyword.arg.startswith(_COUNT_WORDS):
            name = draft.fresh("share", "shares")
            helper.args.args.append(ast.arg(name))
            helper.args.defaults.append(ast.Constant(1))
            keyword.value = expression(f"max(1, ({ast.unparse(keyword.value)}) // {name})")
            return name
    return ""
