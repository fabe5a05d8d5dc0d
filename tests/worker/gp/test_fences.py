"""Reading fenced programs from prompts."""

import pytest

from selftaught.worker.gp.fences import fenced
from selftaught.worker.gp.program import functions, parse


def entries(message):
    return [list(functions(tree)) for tree in fenced(message, parse)]


@pytest.mark.parametrize(
    "message",
    [
        "```python\ndef f(x):\n    return x\n```",
        "```\ndef f(x):\n    return x\n```",
        "`````python\ndef f(x):\n    return x\n`````",
        "~~~py\ndef f(x):\n    return x\n~~~",
        "  ```python\n  def f(x):\n      return x\n  ```",
        "text\r\n```python\r\ndef f(x):\r\n    return x\r\n```\r\nmore",
        "```python\ndef f(x):\n    return x",
    ],
    ids=["plain", "bare", "longer", "tildes", "indented", "crlf", "unclosed"],
)
def test_fences_of_every_kind_are_read(message):
    assert entries(message) == [["f"]]


def test_blocks_come_in_order_and_others_are_left_out():
    texts = ["nothing", "def f(x): return x", "x =", "def g(): pass"]
    message = "\n".join(f"```python\n{text}\n```" for text in texts)
    assert entries(message) == [["f"], ["g"]]


def test_a_fence_inside_a_string_of_the_program_does_not_end_it():
    program = 'def f(x):\n    return f"""Improve:\n```python\n{x}\n```\nby\n```python\n{x}\n```\nnow"""'
    assert entries(f"```python\n{program}\n```\nand\n```python\ndef g(): pass\n```") == [["f"], ["g"]]


def test_prose_has_no_programs():
    assert entries("def f(x): return x") == []
