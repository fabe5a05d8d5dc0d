"""Programs as text: cut out of answers, searched, taken apart into syntax trees, compared."""

from __future__ import annotations

from ..texts import as_program
from ..values import PROGRAMS, Value, join
from .call import Call


def extract_code(call: Call) -> Value:
    """`extract_code(a)`, of one answer or of several."""
    if call.run.heap.of(call.first):
        return call.new(as_program(call.run.heap.items(call.first)))
    return as_program(Value(call.first.marks))


def search(call: Call) -> Value:
    """`re.search(p, a)` finds the program of an answer, the parts of a program, or what it may."""
    patterns = [text for value in (call.called, *call.given) for text in value.texts if isinstance(text, str)]
    flat = call.run.heap.flat(join(Value(call.called.marks), *call.given))
    if any("```" in text for text in patterns):
        flat = as_program(flat)
    elif any("def" in text for text in patterns) and flat.has(*PROGRAMS, "initial"):
        flat = flat.plus(call.mark("piece"))
    return call.new(flat, *flat.marks)


def compiled(call: Call) -> Value:
    """`re.compile(p)`."""
    return Value(names=frozenset(("re.compile()",)), texts=call.first.texts)


def parse(call: Call) -> Value:
    """`ast.parse(a)`."""
    return call.run.heap.flat(call.first).plus(call.mark("tree"))


def walk(call: Call) -> Value:
    """`ast.walk(a)`."""
    return call.run.heap.flat(call.first)


def unparse(call: Call) -> Value:
    """`ast.unparse(a)`."""
    return call.flat.minus("tree")


def distance(call: Call) -> Value:
    """`difflib.SequenceMatcher(None, a, b)`."""
    flat = call.run.heap.flat(join(*call.given, *call.words.values()))
    return flat.plus(call.mark("distance")) if flat.has(*PROGRAMS) else flat
