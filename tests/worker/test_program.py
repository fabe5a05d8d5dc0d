"""Loading a program, and one line about how it failed."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.worker import program
from selftaught.worker.messages import MAX_PRINTED_CHARACTERS


@pytest.fixture(autouse=True)
def no_traces():
    """A program is loaded under a module name of its own; in a worker the process ends with it."""
    yield
    sys.modules.pop(program.MODULE_NAME, None)


def failure(source: str) -> tuple[str, str]:
    with pytest.raises(program.ProgramError) as raised:
        program.load(source)
    return raised.value.failure.outcome, raised.value.failure.message


def test_the_names_of_a_program_are_had_by_loading_it():
    names = program.load("import math\nx = math.floor(2.5)\ndef f(): return x\n")
    assert names["f"]() == 2


def test_a_program_is_not_the_main_one_but_a_module_that_can_be_found():
    names = program.load(
        "from dataclasses import dataclass\n"
        "@dataclass\n"
        "class Point:\n"
        "    x: 'int' = 0\n"
        "is_main = __name__ == '__main__'\n"
    )
    assert names["is_main"] is False
    assert names["Point"](3).x == 3


@pytest.mark.parametrize(
    ("source", "outcome", "message"),
    [
        ("def f(:", "invalid_source", "line 1: SyntaxError: invalid syntax (<__program__>, line 1)"),
        ("x = 1\n  y = 2", "invalid_source", "line 2: IndentationError: unexpected indent (<__program__>, line 2)"),
        ("x = '\\ud800'\n\ny = 1 / 0", "raised", "while it was loaded: line 3: ZeroDivisionError: division by zero"),
        (
            "def f():\n    g()\ndef g():\n    raise KeyError('k')\nf()",
            "raised",
            "while it was loaded: line 4: KeyError: 'k'",
        ),
        ("import json\njson.loads('{')", "raised", "while it was loaded: line 2: JSONDecodeError: "),
        ("raise SystemExit", "raised", "while it was loaded: line 1: SystemExit: "),
        ("raise MemoryError", "out_of_memory", "while it was loaded: it asked for more memory than its limit"),
        ("raise ValueError('a\\nb')", "raised", "while it was loaded: line 1: ValueError: a b"),
    ],
)
def test_what_cannot_be_loaded_is_one_line_with_its_place(source, outcome, message):
    found = failure(source)
    assert found[0] == outcome
    assert found[1].startswith(message)
    assert "\n" not in found[1]


def test_a_long_message_is_cut():
    assert len(failure("raise ValueError('x' * 10**6)")[1]) < 500


def test_an_entry_point_is_a_callable_of_that_name():
    assert program.entry_point({"f": len}, "f") is len
    for names in ({}, {"f": 5}):
        with pytest.raises(program.ProgramError, match="it does not define the function f"):
            program.entry_point(names, "f")


@given(st.lists(st.text(max_size=3000), max_size=6))
def test_what_is_printed_is_kept_up_to_a_bound(texts):
    stream = program.BoundedText()
    for text in texts:
        assert stream.write(text) == len(text)
    assert stream.text() == "".join(texts)[:MAX_PRINTED_CHARACTERS]


def test_what_is_kept_may_be_printed_to():
    stream = program.BoundedText()
    print("a", 1, file=stream, flush=True)
    stream.writelines(["b\n", "c\n"])
    assert stream.text() == "a 1\nb\nc\n"
