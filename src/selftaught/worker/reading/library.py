"""What goes into the result of what a dry run cannot follow: operators, containers, and functions of the libraries."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from .rules import canonical
from .values import NOTHING_KNOWN, Mark, Value, bounded, join, marked

if TYPE_CHECKING:
    from .dry_run import DryRun

Words: TypeAlias = "dict[str, Value]"
Rule: TypeAlias = "Callable[[DryRun, Value, list[Value], Words, ast.AST], Value]"

PROGRAMS = ("program", "answer")
DECISIONS = frozenset(("metropolis", "by_value", "by_bound", "chance", "distance", "member", "stale"))
REMEMBERING = frozenset(("functools.lru_cache", "functools.cache"))
FEWEST_WORDS = 3
PASSED_ON = (
    "pick",
    "draw",
    "best",
    "arm",
    "few",
    "beam",
    "varies",
    "pop",
    "pushed",
    "part",
    "new",
    "hint",
    "weighted",
    "cell",
)
OF_AN_INDEX = ("varies", "arm", "best", "pick", "draw", "hint", "stale")
ASKING = {"prompt": (0, 1, 3), "batch_prompt": (0, 1, 2)}
LIKE = {
    "random.Random()": "random",
    "random.SystemRandom()": "random",
    "numpy.random.default_rng()": "numpy.random",
    "numpy.random.RandomState()": "numpy.random",
}


# ---------------------------------------------------------------- texts and functions of the program


def is_wording(value: Value) -> bool:
    """Whether a value is a text of the program's own, of some words."""
    return any(isinstance(text, str) and len(text.split()) >= FEWEST_WORDS for text in value.texts)


def definition(node: ast.AST, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The method `name` of a class."""
    for item in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and item.name == name:
            return item
    return None


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


def is_of_a_program(run: DryRun, source: Value) -> bool:
    """Whether what is gone through are the characters, lines or syntax nodes of a program."""
    if not source.sites:
        return source.has(*PROGRAMS, "initial")
    return run.heap.items(source).has("piece", "part", "tree")


# ---------------------------------------------------------------- containers


def element(run: DryRun, source: Value, place: int, *, varies: bool) -> Value:
    """What is known of one element of a container that is gone through."""
    found = run.heap.items(source)
    if not run.heap.of(source):
        found = Value(source.minus("few", "sample").marks)
    found = found.minus("sample")
    if found.has("few"):
        found = found.plus(Mark("beam", place))
    pushes = sorted(place for cell in run.heap.of(source) for place in cell.pushes)
    if varies and pushes and run.heap.flat(found).has(*PROGRAMS):
        found = found.plus(Mark("each", place), Mark("each", pushes[0]))
    if source.has("tree"):
        found = found.plus(Mark("part", place))
    if found.has("piece"):
        found = found.minus("piece").plus(Mark("part", place))
    return _varied(found, place) if varies else found


def _varied(found: Value, place: int) -> Value:
    texts = {text for text in found.texts if isinstance(text, str) and text.strip()}
    if len(texts) > 1:
        found = found.plus(Mark("hint", place))
    return found.plus(Mark("varies", place))


def item(run: DryRun, base: Value, index: object, place: int) -> Value:
    """What is known of the element at an index, or under a key, that is a constant."""
    cells = run.heap.of(base)
    if not cells:
        return Value(base.marks)
    found = join(*(cell.fields.get(index, cell.items) for cell in cells))
    found = found.plus(*base.of(*PASSED_ON)).minus("sample")
    if base.has("varies"):
        found = _varied(found, place)
    flat = run.heap.flat(found)
    if any(cell.is_sorted for cell in cells) and index in (0, -1) and flat.has(*PROGRAMS):
        found = found.plus(Mark("best", place))
    if flat.has(*PROGRAMS) and (flat.has("few", "pick") or any(cell.is_sorted for cell in cells)):
        found = found.minus("at").plus(Mark("at", min(base.sites), index if isinstance(index, int) else 0))
    return found


def subscript(run: DryRun, node: ast.Subscript, base: Value) -> Value:
    """What is known of `base[…]`."""
    if isinstance(node.slice, ast.Slice):
        return _slice(run, node, node.slice, base)
    index = run.flat(node.slice)
    constant = _constant(node.slice)
    if base.has("fence") and not base.sites:
        return base.minus("fence") if constant == 0 else as_program(base)
    if not run.heap.of(base):
        return Value(base.marks).plus(*index.of("varies"))
    if constant is not None:
        return item(run, base, constant, run.place(node))
    cells = run.heap.of(base)
    for site in sorted(base.sites) if index.has(*PROGRAMS) else ():
        run.looked.append(Mark("member", run.place(node), site))
    found = join(*(join(cell.items, *cell.fields.values()) for cell in cells)).plus(*base.of(*PASSED_ON))
    found = found.plus(*index.of(*OF_AN_INDEX)).minus("sample")
    if run.heap.flat(found).has(*PROGRAMS) and index.has("draw"):
        found = found.plus(*(Mark("pick", mark.place, mark.extra) for mark in index.of("draw")))
    if found.has("few") and index.has("varies"):
        found = found.plus(Mark("beam", run.place(node)))
    if found.has("piece") and index.has("varies"):
        found = found.plus(Mark("part", run.place(node)))
    return _varied(found, run.place(node)) if index.has("varies", "draw", "arm") else found


def _constant(node: ast.expr) -> int | str | None:
    match node:
        case ast.Constant(value=int(value) | str(value)):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
    return None


def _slice(run: DryRun, node: ast.Subscript, part: ast.Slice, base: Value) -> Value:
    cells = run.heap.of(base)
    if not cells or any(cell.kind == "object" for cell in cells):
        return Value(run.heap.flat(base).marks)
    place = run.place(node)
    found = join(*(join(cell.items, *cell.fields.values()) for cell in cells))
    is_one = part.upper is not None and _constant(part.upper) == 1
    if any(cell.is_sorted for cell in cells):
        found = found.plus(Mark("best" if is_one else "few", place))
    elif run.heap.flat(found).has("pick"):
        found = found.minus("at").plus(Mark("at", place, place))
    made = run.heap.make(place)
    made.add(found)
    made.is_sorted = any(cell.is_sorted for cell in cells)
    made.pushes |= {push for cell in cells for push in cell.pushes}
    return Value(base.of(*PASSED_ON), sites=frozenset((place,)))


def set_item(run: DryRun, target: ast.Subscript, base: Value, value: Value) -> None:
    """Nothing; `value` is in the container from now on."""
    if isinstance(target.slice, ast.Slice):
        for cell in run.heap.of(base):
            cell.add(run.heap.items(value))
        return
    key = run.value(target.slice)
    constant = _constant(target.slice)
    for site in sorted(base.sites):
        if constant is not None:
            run.heap.make(site, "dict").set(constant, value)
        put(run, site, key, value, target)


def put(run: DryRun, site: int, key: Value, value: Value, node: ast.AST) -> None:
    """Nothing; a dictionary holds `value` under `key` from now on."""
    cell = run.heap.make(site, "dict")
    flat, is_program = run.heap.flat(key), run.heap.flat(value).has(*PROGRAMS)
    if flat.has("feature") and is_program and run.loops:
        value = value.plus(Mark("cell", run.place(node)))
    if flat.has(*PROGRAMS) or key.has("initial"):
        run.stored.add(site)
    cell.add(value)
    cell.keys = join(cell.keys, key)
    if is_program or flat.has(*PROGRAMS):
        cell.pushes.add(run.place(node))


def _add(run: DryRun, base: Value, value: Value, node: ast.AST) -> None:
    flat = run.heap.flat(value)
    if flat.has(*PROGRAMS) and run.everywhere().has("distance"):
        run.show("diversity", run.place(node), *(mark.place for mark in run.everywhere().of("distance")))
    for site in sorted(base.sites):
        cell = run.heap.make(site)
        cell.add(value)
        if flat.has(*PROGRAMS):
            cell.pushes.add(run.place(node))
            run.stored.add(site)
        elif value.has("initial"):
            run.stored.add(site)


def _new(
    run: DryRun, node: ast.AST, items: Value, *marks: Mark, kind: str = "list", keys: Value = NOTHING_KNOWN
) -> Value:
    site = run.place(node)
    cell = run.heap.make(site, kind)
    cell.add(items)
    cell.keys = join(cell.keys, keys)
    return Value(frozenset(marks), sites=frozenset((site,)))


# ---------------------------------------------------------------- operators


def operation(run: DryRun, node: ast.BinOp, left: Value, right: Value) -> Value:
    """What is known of `left + right` and the like."""
    place = run.place(node)
    if left.sites and (right.sites or isinstance(node.op, ast.Mult)) and not isinstance(node.op, ast.Mod):
        marks = [Mark("new", place, site) for site in right.sites] if isinstance(node.op, ast.Sub) else []
        items = join(*(run.heap.items(side) for side in (left, right) if side.sites))
        return _new(run, node, items.plus(*marks), *marks)
    if isinstance(node.op, (ast.Add, ast.Mod)):
        text = written(run, (left, right), node)
        return Value(text.marks, texts=left.texts | right.texts if not left.has(*PROGRAMS) else frozenset())
    both = join(run.heap.flat(left), run.heap.flat(right))
    if isinstance(node.op, ast.Pow) and right.texts == {0.5}:
        return _root(both, place)
    if isinstance(node.op, ast.Pow) and "math.e" in left.names:
        return both.plus(Mark("exp", place))
    if isinstance(node.op, ast.Div) and left.has("value", "by_value", "stale") and right.has("count", "len"):
        both = both.plus(Mark("mean", place))
    return Value(both.marks)


def _root(value: Value, place: int) -> Value:
    return value.plus(Mark("bound", place)) if value.has("log") else value


def comparison(run: DryRun, node: ast.Compare, sides: list[Value]) -> Value:
    """What is known of whether `left < right` and the like: not the sides, but what is compared."""
    place = run.place(node)
    flat = [run.heap.flat(side) for side in sides]
    both = join(*flat)
    marks = set(both.of("budget", "varies", "stale", "distance", "by_value", "metropolis", "chance", "new"))
    if isinstance(node.ops[0], (ast.In, ast.NotIn)):
        if flat[0].has(*PROGRAMS, "initial"):
            marks |= {Mark("member", place, site) for site in sides[-1].sites}
        if flat[0].has("feature"):
            marks.add(Mark("varies", place))
        return Value(bounded(frozenset(marks)))
    marks |= both.of("member")
    is_number = not isinstance(node.ops[0], (ast.Is, ast.IsNot, ast.Eq, ast.NotEq))
    if both.has("value") and (is_number or not both.has(*PROGRAMS)):
        marks.add(Mark("by_value", place))
    if both.has("bound"):
        marks.add(Mark("by_bound", place))
    if both.has("random") and is_number:
        is_metropolis = both.has("exp") and both.has("value", "by_value")
        marks.add(Mark("metropolis" if is_metropolis else "chance", place))
    if both.has(*PROGRAMS, "value", "random", "pick"):
        marks.add(Mark("varies", place))
    return Value(bounded(frozenset(marks)))


# ---------------------------------------------------------------- attributes and calls


def attribute(run: DryRun, node: ast.Attribute, base: Value) -> Value:
    """What is known of `base.x`."""
    name, place = node.attr, run.place(node)
    if base.has("utility", "model") and not base.sites:
        return _given(base, name, place)
    found: list[Value] = []
    for cell in run.heap.of(base):
        if cell.made_of is not None:
            methods = run.method(base, cell.made_of, name)
            found += [run.read_off(method, node) for method in methods]
        if name in cell.fields:
            linked = cell.fields.get("@linked", NOTHING_KNOWN)
            found.append(cell.fields[name].plus(*base.of(*PASSED_ON), *linked.marks))
    for function in base.functions:
        method = definition(function.node, name)
        if method is not None:
            found.append(Value(functions=run.unbound(function, method)))
    if found:
        return _varied(join(*found), place) if base.has("varies") else join(*found)
    if base.has("tree"):
        inner = base.plus(Mark("part", place)) if name in ("body", "name", "orelse") else base
        return Value(inner.marks)
    names = {canonical(f"{LIKE.get(one, one)}.{name}") for one in base.names if not one.startswith("@")}
    qualified = run.qualified(node)
    names |= {one for one in qualified if not one.startswith("@")} if not base.marks else set()
    if base.marks or base.sites or base.texts or not names:
        names.add(f"@.{name}")
    return Value(
        base.marks, frozenset(names), base.functions if name == "__call__" else frozenset(), base.sites, base.texts
    )


def _given(base: Value, name: str, place: int) -> Value:
    if name in ASKING and base.has("model"):
        return Value(names=frozenset((f"@ask.{name}",)))
    if name in ("budget", "times_used", "uses", "remaining"):
        return marked(Mark("budget", place), *([Mark("varies", place)] if name in ("times_used", "uses") else []))
    if name == "str":
        return marked(Mark("description", place))
    return Value(base.marks) if name == "__call__" else NOTHING_KNOWN


def call(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> list[Value]:
    """What is known of the results of all but the program's own functions."""
    if called.has("utility") and not called.names and not called.sites:
        return [value_of(run, given, node)]
    asks = [name.removeprefix("@ask.") for name in called.names if name.startswith("@ask.")]
    if asks:
        return [ask(run, name, given, words, node) for name in asks]
    rules = [rule for name in sorted(called.names) if (rule := _rule(name)) is not None]
    if rules:
        return [rule(run, called, given, words, node) for rule in rules]
    if called.functions or any(cell.made_of is not None for cell in run.heap.of(called)):
        return []
    return [_unknown(run, called, given, words, node)]


def _rule(name: str) -> Rule | None:
    if name.startswith("@."):
        return _METHODS.get(name[2:])
    return _LIBRARY.get(name) or next((rule for end, rule in _ENDINGS if name.endswith(end)), None)


def value_of(run: DryRun, given: list[Value], node: ast.AST) -> Value:
    """What is known of a use of the utility."""
    program = run.heap.flat(join(*given[:1]))
    run.n_events += 1
    run.valued = bounded(run.valued | program.marks)
    _see_cache(run, program, program.of("new"), node)
    return marked(Mark("value", run.place(node)))


def _see_cache(run: DryRun, program: Value, sifted: frozenset[Mark], node: ast.AST) -> None:
    tested = run.everywhere().of("member") | sifted
    for mark in tested:
        if mark.extra in run.stored and program.has(*PROGRAMS):
            run.show("caching", run.place(node), mark.place)


def ask(run: DryRun, name: str, given: list[Value], words: Words, node: ast.AST) -> Value:
    """What is known of the answers to a call of the language model."""
    from_position = dict(enumerate(given))
    place = run.place(node)
    arguments = [
        words.get(word, from_position.get(position, NOTHING_KNOWN))
        for word, position in zip(("expertise", "message", "temperature"), ASKING[name], strict=True)
    ]
    if name == "batch_prompt" and "message_batch" in words:
        arguments[1] = words["message_batch"]
    n_responses = words.get("n_responses", from_position.get(2, NOTHING_KNOWN)) if name == "prompt" else NOTHING_KNOWN
    run.n_events += 1
    for loop in run.loops:
        loop.asks = True
    for frame in run.frames:
        frame.asks_in_loop = frame.asks_in_loop or len(run.loops) > frame.n_loops
    if n_responses.has("budget") and run.loops:
        run.show("budget_awareness", place)
    expertise, message, temperature = (run.heap.flat(argument) for argument in arguments)
    temperature = Value(temperature.marks, texts=arguments[2].texts)
    run.saw(place, expertise, message, temperature)
    _see_cache(run, message, frozenset(), node)
    return _new(run, node, marked(Mark("answer", place)))


def _unknown(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    """What is known of the result of a function of which nothing is known: all that goes in comes out."""
    everything = [*given, *words.values()]
    plain = [value for value in everything if not value.functions]
    inner = join(*(run.heap.items(value) if value.sites else value for value in plain))
    results = [run.call(value, [inner], {}, node) for value in everything if value.functions or value.has("utility")]
    flat = [run.heap.flat(value) for value in (Value(called.marks, sites=called.sites), *plain, *results)]
    names = frozenset(f"{name}()" for name in called.names if not name.startswith("@") and _is_class(name))
    site = run.place(node)
    if names:
        run.heap.make(site, "object")
    kept = join(*flat).minus("utility", "model", "at", "sample", "fence", "piece")
    return Value(kept.marks, names, sites=frozenset((site,)) if names else frozenset())


def _is_class(name: str) -> bool:
    """Whether a library's name is one of a class, as far as its first letter tells, or of what makes an object."""
    last = name.rpartition(".")[2]
    return len(name) < 100 and (last[:1].isupper() or last in ("default_rng", "compile", "lru_cache", "cache"))


def as_program(value: Value) -> Value:
    """What is known of the program in an answer."""
    programs = [Mark("program", mark.place, mark.extra) for mark in value.of("answer")]
    return value.minus("answer", "fence").plus(*programs)


# ---------------------------------------------------------------- methods


def _method_append(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    for value in given[-1:]:
        _add(run, base, value, node)
    return NOTHING_KNOWN


def _method_extend(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    for value in given:
        for cell in run.heap.of(value):
            if cell.kind == "dict":
                for site in base.sites:
                    put(run, site, cell.keys, cell.items, node)
            else:
                _add(run, base, run.heap.items(value), node)
    return NOTHING_KNOWN


def _method_get(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    cells = run.heap.of(base)
    if not cells:
        return Value(base.marks)
    key = run.heap.flat(join(*given[:1]))
    found = join(*(join(cell.items, *cell.fields.values()) for cell in cells), *given[1:2])
    if key.has(*PROGRAMS):
        found = found.plus(*(Mark("member", run.place(node), site) for site in base.sites))
    return found.plus(*key.of(*OF_AN_INDEX))


def _method_setdefault(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    for site in base.sites:
        put(run, site, join(*given[:1]), join(*given[1:2]), node)
    return join(*(cell.items for cell in run.heap.of(base)))


def _method_items(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    cells = run.heap.of(base)
    keys, items = (
        join(*(cell.keys for cell in cells)),
        join(*(join(cell.items, *cell.fields.values()) for cell in cells)),
    )
    return _new(run, node, _tuple(run, node, (keys, items)))


def _method_values(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return _new(run, node, join(*(join(cell.items, *cell.fields.values()) for cell in run.heap.of(base))))


def _method_keys(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return _new(run, node, join(*(cell.keys for cell in run.heap.of(base))))


def _method_pop(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return _popped(run, base, node)


def _popped(run: DryRun, base: Value, node: ast.AST) -> Value:
    found = run.heap.items(base).minus("sample")
    pushes = {place for cell in run.heap.of(base) for place in cell.pushes}
    if pushes and run.loops and run.heap.flat(found).has(*PROGRAMS):
        found = found.plus(Mark("pop", run.place(node)), *(Mark("pushed", place) for place in sorted(pushes)[:3]))
    return found


def _method_sort(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    by_value = _orders_by_value(run, run.heap.items(base), words, node)
    for cell in run.heap.of(base):
        cell.is_sorted = cell.is_sorted or by_value
    return NOTHING_KNOWN


def _method_join(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    text = written(run, given, node)
    together = [Mark("together", mark.place) for mark in text.of("beam", "few", "each")]
    return Value(text.minus("part", "piece", "new", "beam", "each").plus(*together).marks)


def _method_format(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    text = written(run, (Value(base.marks), *given, *words.values()), node)
    return Value(text.marks, texts=base.texts)


def _method_split(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    separators = {text for value in given for text in value.texts if isinstance(text, str)}
    flat = run.heap.flat(base)
    if any("```" in text for text in separators):
        return flat.plus(Mark("fence", run.place(node)))
    is_splitlines = (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "splitlines"
    )
    if flat.has(*PROGRAMS, "initial") and (separators or is_splitlines):
        flat = flat.plus(Mark("piece", run.place(node)))
    return _new(run, node, flat)


def _method_count(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return _measure(run, [base], node)


def _method_index(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    flat = run.heap.flat(join(base, *given))
    return _chosen(flat, NOTHING_KNOWN, run.place(node))


def _method_none(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return NOTHING_KNOWN


def _method_same(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return Value(base.marks, sites=base.sites, texts=base.texts)


def _method_few(run: DryRun, base: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    cells = run.heap.of(base)
    pair = _tuple(run, node, (join(*(cell.keys for cell in cells)).plus(Mark("few", run.place(node))), NOTHING_KNOWN))
    return _new(run, node, pair)


_METHODS: dict[str, Rule] = {
    **dict.fromkeys(("append", "add", "appendleft", "insert", "put", "put_nowait"), _method_append),
    **dict.fromkeys(("extend", "update", "extendleft"), _method_extend),
    "get": _method_get,
    "setdefault": _method_setdefault,
    "items": _method_items,
    "values": _method_values,
    "keys": _method_keys,
    **dict.fromkeys(("pop", "popleft", "get_nowait"), _method_pop),
    "sort": _method_sort,
    "join": _method_join,
    "format": _method_format,
    **dict.fromkeys(("split", "splitlines", "partition", "rsplit"), _method_split),
    "count": _method_count,
    "index": _method_index,
    **dict.fromkeys(("remove", "clear", "discard", "reverse", "close", "shutdown"), _method_none),
    **dict.fromkeys(("copy", "strip", "lstrip", "rstrip", "result", "union"), _method_same),
    "most_common": _method_few,
}


# ---------------------------------------------------------------- choosing


def _orders_by_value(run: DryRun, found: Value, words: Words, node: ast.AST) -> bool:
    return _order(run, found, words, node).has("value", "mean")


def _order(run: DryRun, found: Value, words: Words, node: ast.AST) -> Value:
    """What is known of what elements are compared by."""
    key = words.get("key")
    return run.heap.flat(found if key is None else run.call(key, [found], {}, node))


def _chosen(order: Value, found: Value, place: int) -> Value:
    """What is chosen by `order`, with the mark of how."""
    if order.has("bound") or (order.has("mean") and not found.has(*PROGRAMS)):
        return found.plus(Mark("arm", place), Mark("varies", place))
    return found.minus("each", "beam").plus(Mark("best", place)) if order.has("value", "mean") else found


def _max(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    if len(given) > 1:
        order = _order(run, join(*given), words, node) if "key" in words else NOTHING_KNOWN
        return _chosen(order, join(*given), run.place(node))
    source = join(*given)
    found = run.heap.items(source).minus("sample")
    order = _order(run, found, words, node)
    is_program = run.heap.flat(found).has(*PROGRAMS, "initial") or "key" in words
    chosen = _chosen(order, found, run.place(node)) if is_program else found
    return join(chosen, *(value for word, value in words.items() if word == "default"))


def _sorted(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    found = run.heap.items(join(*given[:1]))
    order = _order(run, found, words, node)
    made = _new(run, node, found)
    for cell in run.heap.of(made):
        cell.is_sorted = cell.is_sorted or order.has("value", "mean")
        cell.items = cell.items.plus(*([Mark("arm", run.place(node))] if order.has("bound") else []))
    return made


def _nlargest(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    found = run.heap.items(join(*given[1:2]))
    by_value = _orders_by_value(run, found, words, node)
    is_one = join(*given[:1]).texts == {1}
    return _new(run, node, found.plus(Mark("best" if is_one else "few", run.place(node))) if by_value else found)


def _argmax(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return _chosen(run.heap.flat(join(*given)), NOTHING_KNOWN, run.place(node))


# ---------------------------------------------------------------- chance


def _draw(run: DryRun, found: Value, node: ast.AST) -> Value:
    place = run.place(node)
    name = "pick" if run.heap.flat(found).has(*PROGRAMS) else "draw"
    return _varied(found.plus(Mark(name, place, run.calling())), place)


def _choice(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return _draw(run, run.heap.items(join(*given[:1])), node)


def _choices(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    found = _draw(run, run.heap.items(join(*given[:1])), node)
    weights = run.heap.flat(join(words.get("weights", NOTHING_KNOWN), *given[1:2]))
    if weights.has("value", "mean", "stale", "by_value"):
        is_program = run.heap.flat(found).has(*PROGRAMS)
        found = found.plus(Mark("weighted" if is_program else "arm", run.place(node)))
    number = join(words.get("k", NOTHING_KNOWN), *given[1:2]).texts
    is_one = number == {1} or (not number and "k" not in words)
    return _new(run, node, found if is_one else found.plus(Mark("sample", run.place(node))))


def _random(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return marked(Mark("random", run.place(node)), Mark("varies", run.place(node)))


def _random_index(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return marked(Mark("draw", run.place(node), run.calling()), Mark("varies", run.place(node)))


def _beta(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    flat = run.heap.flat(join(*given))
    learns = flat.has("stale", "count", "value", "by_value")
    return marked(Mark("bound" if learns else "random", run.place(node)), Mark("varies", run.place(node)))


def _shuffle(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    for cell in run.heap.of(join(*given)):
        if run.heap.flat(cell.items).has(*PROGRAMS):
            cell.items = cell.items.plus(Mark("pick", run.place(node), run.calling()))
    return NOTHING_KNOWN


# ---------------------------------------------------------------- numbers


def _measure(run: DryRun, given: list[Value], node: ast.AST) -> Value:
    """A number that says something about a text; or how many there are in a container."""
    place = run.place(node)
    source = join(*given)
    flat = run.heap.flat(source)
    if source.has(*PROGRAMS, "initial", "counted") or (flat.has("piece", "part") and flat.has(*PROGRAMS)):
        return marked(Mark("feature", place), Mark("varies", place))
    return marked(Mark("len", place), *flat.of("budget"))


def _len(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return _measure(run, given, node)


def _sum(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    source = join(*given)
    if source.has("counted"):
        return marked(Mark("feature", run.place(node)), Mark("varies", run.place(node)))
    flat = run.heap.flat(source)
    return Value(flat.minus(*PROGRAMS).marks)


def _number(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return Value(run.heap.flat(join(*given)).marks, texts=join(*given).texts)


def _exp(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return run.heap.flat(join(*given)).plus(Mark("exp", run.place(node)))


def _log(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return run.heap.flat(join(*given)).plus(Mark("log", run.place(node)))


def _sqrt(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return _root(run.heap.flat(join(*given)), run.place(node))


def _mean(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    flat = run.heap.flat(join(*given))
    return flat.plus(Mark("mean", run.place(node))) if flat.has("value", "by_value", "stale") else flat


# ---------------------------------------------------------------- going through


def _tuple(run: DryRun, node: ast.AST, parts: Iterable[Value]) -> Value:
    """What is known of a tuple that a function makes at `node`; its site is beside that of the node's own result."""
    site = -1 - run.place(node)
    cell = run.heap.make(site)
    for index, part in enumerate(parts):
        cell.set(index, part)
    return Value(sites=frozenset((site,)))


def _copy(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    source = join(*given[:1])
    cells = run.heap.of(source)
    if not cells:
        return _new(run, node, Value(source.marks))
    made = _new(run, node, run.heap.items(source), *source.marks)
    for cell in run.heap.of(made):
        cell.is_sorted = cell.is_sorted or any(one.is_sorted for one in cells)
        cell.pushes |= {place for one in cells for place in one.pushes}
        for one in cells:
            for key, value in one.fields.items() if one.kind == "list" else ():
                cell.set(key, value)
    if source.sites & run.stored:
        run.stored |= made.sites
    return made


def _dict(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    made = _new(run, node, join(*words.values()), kind="dict")
    for key, value in words.items():
        run.heap.make(run.place(node)).set(key, value)
    for value in given:
        for cell in run.heap.of(value):
            pair = cell.items
            if cell.kind == "dict":
                put(run, run.place(node), cell.keys, cell.items, node)
            elif pair.sites:
                put(run, run.place(node), item(run, pair, 0, 0), item(run, pair, 1, 0), node)
            else:
                put(run, run.place(node), pair, NOTHING_KNOWN, node)
    return made


def _default_dict(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    inner = NOTHING_KNOWN
    if given and given[0].names & {"builtins.list", "builtins.set", "builtins.dict"}:
        inner = _tuple(run, node, ())
    elif given and given[0].functions:
        inner = run.call(given[0], [], {}, node)
    return _new(run, node, inner, kind="dict")


def _zip(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    parts = [_pieces(run, value) for value in given]
    place = run.place(node)
    same = [index for index, value in enumerate(given) if run.heap.flat(value).has(*PROGRAMS)]
    if len(same) > 1 and _are_shifted(node):
        parts = [part.plus(Mark("at", place, index)) for index, part in enumerate(parts)]
    return _new(run, node, _tuple(run, node, parts), *join(*given).of("varies"))


def _pieces(run: DryRun, value: Value) -> Value:
    found = run.heap.items(value)
    return found.minus("piece").plus(Mark("part")) if found.has("piece") else found


def _are_shifted(node: ast.AST) -> bool:
    """Whether `zip(x, x[1:])` or the like pairs the members of one list."""
    if not isinstance(node, ast.Call):
        return False
    roots = {ast.unparse(one.value if isinstance(one, ast.Subscript) else one) for one in node.args[:2]}
    return len(roots) == 1 and any(isinstance(one, ast.Subscript) for one in node.args)


def _enumerate(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    source = join(*given[:1])
    number = marked(Mark("varies", run.place(node)))
    return _new(run, node, _tuple(run, node, (number, _pieces(run, source))))


def _range(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    flat = run.heap.flat(join(*given))
    return _new(run, node, marked(Mark("varies", run.place(node))), *flat.of("budget"))


def _map(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    elements = [element(run, value, run.place(node), varies=True) for value in given[1:]]
    return _new(run, node, run.call(join(*given[:1]), elements, {}, node))


def _filter(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    found = run.heap.items(join(*given[1:2]))
    test = run.heap.flat(run.call(join(*given[:1]), [found], {}, node))
    return _new(run, node, found.plus(*(Mark("new", mark.place, mark.extra) for mark in test.of("member"))))


def _next(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return join(element(run, join(*given[:1]), run.place(node), varies=True), *given[1:2])


def _pairs(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    place = run.place(node)
    sources = [run.heap.items(value) for value in given if value.sites] or [NOTHING_KNOWN]
    both = [sources[0], sources[-1]]
    if run.heap.flat(sources[0]).has(*PROGRAMS) and run.heap.flat(sources[-1]).has(*PROGRAMS):
        both = [part.minus("at").plus(Mark("at", place, index)) for index, part in enumerate(both)]
    return _new(run, node, _tuple(run, node, both), Mark("varies", place))


def _same(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return join(*given[:1])


def _islice(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    source = join(*given[:1])
    is_sorted = any(cell.is_sorted for cell in run.heap.of(source))
    return _new(run, node, run.heap.items(source).plus(*([Mark("few", run.place(node))] if is_sorted else [])))


def _chain(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return _new(run, node, join(*(run.heap.items(value) for value in given)))


def _heap_push(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    if len(given) > 1:
        _add(run, given[0], given[1], node)
    return NOTHING_KNOWN


def _heap_pop(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return _popped(run, join(*given[:1]), node)


def _partial(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    base = join(*given[:1])
    return Value(base.marks, base.names, run.bind(base.functions, tuple(given[1:])), base.sites)


def _remember(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    """A function that remembers its results; or, where a decorator only gets its parameters, what makes one."""
    base = join(*given[:1])
    if base.has("utility"):
        run.show("caching", run.place(node))
    if base.functions or base.has("utility"):
        return Value(base.marks, base.names, run.remembering(base.functions), base.sites)
    return Value(names=frozenset(("functools.lru_cache()",)))


def _nothing(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return NOTHING_KNOWN


def _getattr(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    names = [text for text in join(*given[1:2]).texts if isinstance(text, str)]
    if given and len(names) == 1 and given[0].has("utility", "model"):
        return _given(given[0], names[0], run.place(node))
    return join(*(cell.fields.get(name, NOTHING_KNOWN) for name in names for cell in run.heap.of(join(*given[:1]))))


# ---------------------------------------------------------------- programs as text


def _extract_code(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    source = join(*given[:1])
    if run.heap.of(source):
        return _new(run, node, as_program(run.heap.items(source)))
    return as_program(Value(source.marks))


def _search(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    """What a regular expression finds: the program of an answer, the parts of a program, or what it may."""
    patterns = [text for value in (called, *given) for text in value.texts if isinstance(text, str)]
    flat = run.heap.flat(join(Value(called.marks), *given))
    if any("```" in text for text in patterns):
        return _new(run, node, as_program(flat), *as_program(flat).marks)
    if any("def" in text for text in patterns) and flat.has(*PROGRAMS, "initial"):
        flat = flat.plus(Mark("piece", run.place(node)))
    return _new(run, node, flat, *flat.marks)


def _compile(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return Value(names=frozenset(("re.compile()",)), texts=join(*given[:1]).texts)


def _parse(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return run.heap.flat(join(*given[:1])).plus(Mark("tree", run.place(node)))


def _walk(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return run.heap.flat(join(*given[:1]))


def _unparse(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return run.heap.flat(join(*given)).minus("tree")


def _distance(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    flat = run.heap.flat(join(*given, *words.values()))
    return flat.plus(Mark("distance", run.place(node))) if flat.has(*PROGRAMS) else flat


def _output_of(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    flat = run.heap.flat(join(*given))
    for cell in run.heap.of(join(*given)):
        cell.add(marked(Mark("output", run.place(node))))
    return marked(Mark("output", run.place(node))) if flat.has(*PROGRAMS, "initial") else NOTHING_KNOWN


def _clock(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    return marked(Mark("budget", run.place(node)))


def _in_parallel(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    before = run.n_events
    target = words.get("target", join(*given[:1]))
    elements = [run.heap.items(value) if value.sites else value for value in given[1:]]
    found = run.call(target, elements, {}, node) if target.functions or target.names or target.marks else target
    if run.n_events > before:
        run.show("parallel_calls", run.place(node))
    return _new(run, node, found, *run.heap.flat(found).marks)


def _gather(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    flat = run.heap.flat(join(*given))
    if flat.has("value", "answer", "program"):
        run.show("parallel_calls", run.place(node))
    return _new(run, node, join(*(run.heap.items(value) if value.sites else value for value in given)))


def _all(names: str, prefix: str, rule: Rule) -> dict[str, Rule]:
    return {f"{prefix}.{name}": rule for name in names.split()}


_LIBRARY: dict[str, Rule] = {
    **_all("max min", "builtins", _max),
    "builtins.sorted": _sorted,
    **_all("list tuple set frozenset iter reversed", "builtins", _copy),
    **_all("copy deepcopy", "copy", _same),
    **_all("cycle accumulate", "itertools", _copy),
    "collections.deque": _copy,
    **_all("dict dict.fromkeys", "builtins", _dict),
    **_all("OrderedDict Counter", "collections", _dict),
    "collections.defaultdict": _default_dict,
    "builtins.zip": _zip,
    "itertools.zip_longest": _zip,
    "builtins.enumerate": _enumerate,
    "builtins.range": _range,
    "builtins.len": _len,
    "builtins.sum": _sum,
    "builtins.map": _map,
    "builtins.filter": _filter,
    "builtins.next": _next,
    **_all("print isinstance issubclass super id type callable", "builtins", _nothing),
    **_all("int float round abs str bool repr any all", "builtins", _number),
    "builtins.getattr": _getattr,
    **_all("combinations permutations product pairwise combinations_with_replacement", "itertools", _pairs),
    **_all("chain chain.from_iterable", "itertools", _chain),
    "itertools.islice": _islice,
    **_all("nlargest nsmallest", "heapq", _nlargest),
    "heapq.heappush": _heap_push,
    "heapq.heappop": _heap_pop,
    "functools.partial": _partial,
    **_all("cache lru_cache lru_cache()", "functools", _remember),
    **_all("choice", "random", _choice),
    **_all("choices sample", "random", _choices),
    **_all("random uniform gauss normalvariate triangular expovariate", "random", _random),
    **_all("randrange randint getrandbits", "random", _random_index),
    "random.betavariate": _beta,
    "random.shuffle": _shuffle,
    **_all("random rand uniform normal randn", "numpy.random", _random),
    **_all("randint integers", "numpy.random", _random_index),
    "numpy.random.choice": _choice,
    "numpy.random.beta": _beta,
    "numpy.random.shuffle": _shuffle,
    **_all("exp", "math", _exp),
    **_all("exp", "numpy", _exp),
    **_all("log log2 log10 log1p", "math", _log),
    **_all("log log2 log10 log1p", "numpy", _log),
    "math.sqrt": _sqrt,
    "numpy.sqrt": _sqrt,
    **_all("mean fmean", "statistics", _mean),
    **_all("mean average", "numpy", _mean),
    **_all("argmax argmin nanargmax", "numpy", _argmax),
    **_all("time monotonic perf_counter process_time", "time", _clock),
    **_all("search match findall finditer split fullmatch", "re", _search),
    **_all("search match findall finditer split fullmatch", "re.compile()", _search),
    "re.compile": _compile,
    "ast.parse": _parse,
    **_all("walk iter_child_nodes", "ast", _walk),
    "ast.unparse": _unparse,
    **_all("SequenceMatcher SequenceMatcher().ratio SequenceMatcher().quick_ratio", "difflib", _distance),
    **_all("redirect_stdout redirect_stderr", "contextlib", _output_of),
    **_all("run check_output Popen", "subprocess", _output_of),
    "asyncio.run": _same,
    "asyncio.gather": _gather,
    **_all("to_thread create_task", "asyncio", _in_parallel),
    "threading.Thread": _in_parallel,
}
_ENDINGS: tuple[tuple[str, Rule], ...] = (
    ("extract_code", _extract_code),
    *((f"Executor().{name}", _in_parallel) for name in ("map", "submit")),
    *((f"Pool().{name}", _in_parallel) for name in ("map", "imap", "starmap", "apply_async", "imap_unordered")),
)
