"""Calls: of the utility, of the language model, of the program's own functions, of libraries, and of the unknown.

Above it stand `expressions` and the folder's `__init__`; it needs `functions`, `attributes` and `library`.
"""

from __future__ import annotations

import ast

from .attributes import ASK
from .containers import new
from .dry_run import DryRun, ModelCall, Words
from .functions import follow, methods
from .library.call import Call
from .library.table import rule_of
from .values import NOTHING_KNOWN, PROGRAMS, Mark, Value, bounded, join, marked

ARGUMENTS = ("expertise", "message", "temperature")
POSITIONS = {"prompt": (0, 1, 3), "batch_prompt": (0, 1, 2)}
"""Where the `ARGUMENTS` stand in the language model's methods, if they are not given by name."""
LONGEST_CLASS_NAME = 100
MAKERS = ("default_rng", "compile", "lru_cache", "cache")
"""The functions of libraries that make objects though their names begin in lower case."""


def call(run: DryRun, called: Value, given: list[Value], words: Words, node: ast.AST) -> Value:
    """What is known of what a call returns."""
    run.step()
    results = [follow(run, function, given, words, node) for function in called.functions]
    results += [
        follow(run, method, given, words, node)
        for cell in run.heap.of(called)
        if cell.made_of is not None
        for method in methods(run, called, cell.made_of, "__call__")
    ]
    results += _of_others(Call(run, called, given, words, node))
    return join(*results)


def _of_others(call: Call) -> list[Value]:
    """What is known of the results of all but the program's own functions."""
    called = call.called
    if called.has("utility") and not called.names and not called.sites:
        return [_value(call)]
    asks = [name.removeprefix(ASK) for name in called.names if name.startswith(ASK)]
    if asks:
        return [_answers(call, name) for name in asks]
    rules = [rule for name in sorted(called.names) if (rule := rule_of(name)) is not None]
    if rules:
        return [rule(call) for rule in rules]
    if called.functions or any(cell.made_of is not None for cell in call.run.heap.of(called)):
        return []
    return [_unknown(call)]


# ---------------------------------------------------------------- what an improver is given


def _value(call: Call) -> Value:
    """What is known of a use of the utility."""
    run, program = call.run, call.run.heap.flat(call.first)
    run.n_events += 1
    run.valued = bounded(run.valued | program.marks)
    _see_caching(call, program, run.everywhere().of("member") | program.of("new"))
    return marked(call.mark("value"))


def _answers(call: Call, name: str) -> Value:
    """What is known of the answers to a call of the language model's method `name`."""
    run, words, place = call.run, call.words, call.place
    by_position = dict(enumerate(call.given))
    arguments = [
        words.get(word, by_position.get(position, NOTHING_KNOWN))
        for word, position in zip(ARGUMENTS, POSITIONS[name], strict=True)
    ]
    if name == "batch_prompt" and "message_batch" in words:
        arguments[1] = words["message_batch"]
    n_responses = words.get("n_responses", by_position.get(2, NOTHING_KNOWN)) if name == "prompt" else NOTHING_KNOWN
    if n_responses.has("budget") and run.loops:
        run.show("budget_awareness", place)
    expertise, message, temperature = (run.heap.flat(argument) for argument in arguments)
    run.ask(ModelCall(place, expertise, message, Value(temperature.marks, texts=arguments[2].texts)))
    _see_caching(call, message, run.everywhere().of("member"))
    return new(run, call.node, marked(Mark("answer", place)))


def _see_caching(call: Call, program: Value, tests: frozenset[Mark]) -> None:
    """Takes note where a program is valued, or asked about, only if some container of such programs says so."""
    for mark in tests:
        if mark.extra in call.run.stored and program.has(*PROGRAMS):
            call.run.show("caching", call.place, mark.place)


# ---------------------------------------------------------------- the unknown


def _unknown(call: Call) -> Value:
    """What is known of the result of a function of which nothing is known: all that goes in comes out."""
    run, called = call.run, call.called
    everything = [*call.given, *call.words.values()]
    plain = [value for value in everything if not value.functions]
    inner = join(*(run.heap.items(value) if value.sites else value for value in plain))
    results = [
        run.call(value, [inner], {}, call.node) for value in everything if value.functions or value.has("utility")
    ]
    flat = [run.heap.flat(value) for value in (Value(called.marks, sites=called.sites), *plain, *results)]
    names = frozenset(f"{name}()" for name in called.names if not name.startswith("@") and _is_class(name))
    site = call.place
    if names:
        run.heap.make(site, "object")
    kept = join(*flat).minus("utility", "model", "at", "sample", "fence", "piece")
    return Value(kept.marks, names, sites=frozenset((site,)) if names else frozenset())


def _is_class(name: str) -> bool:
    """Whether a library's name is one of a class, as far as its first letter tells, or of what makes an object."""
    last = name.rpartition(".")[2]
    return len(name) < LONGEST_CLASS_NAME and (last[:1].isupper() or last in MAKERS)
