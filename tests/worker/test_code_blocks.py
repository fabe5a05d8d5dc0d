"""Code out of answers as models really write them, where the released code's pattern fails."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.worker.code_blocks import extract_code, fenced_blocks

CODE = "def f(x):\n    return x + 1\n"

ANSWERS = {
    "fenced": f"Here it is:\n\n```python\n{CODE}```\nGood luck.",
    "no language": f"```\n{CODE}```",
    "language with attributes": f'``` python title="a.py"\n{CODE}```',
    "capital language": f"```Python\n{CODE}```",
    "right after a sentence": f"Idea: add one.\n```python\n{CODE}```",
    "tilde": f"~~~python\n{CODE}~~~",
    "longer fence": f"`````python\n{CODE}`````",
    "unclosed": f"```python\n{CODE}",
    "unclosed without end of line": f"```python\n{CODE}".rstrip("\n"),
    "carriage returns": f"Idea.\r\n\r\n```python\r\n{CODE}```\r\n".replace("\r\n", "\n").replace("\n", "\r\n"),
    "indented by two": textwrap.indent(f"```python\n{CODE}```", "  "),
    "wholly indented": textwrap.indent(f"Idea.\n\n```python\n{CODE}```\n", "    "),
    "in a list": "1. Idea\n\n" + textwrap.indent(f"```python\n{CODE}```\n", "   "),
    "quoted": textwrap.indent(f"```python\n{CODE}```\n", "> ", lambda line: True),
    "closing fence is indented": f"```python\n{CODE}  ```",
    "right after a tag": f"<answer>\n```python\n{CODE}\n\n{CODE}```\n</answer>".replace(f"\n\n{CODE}", ""),
    "in details": f"<details>\n<summary>Code</summary>\n```python\n{CODE}```\n</details>",
    "behind a word": f"**Idea**: add one. ```python\n{CODE}```",
    "behind a word, unclosed": f"Code: ```\n{CODE}",
    "after a byte order mark": f"\ufeff```python\n{CODE}```",
    "unclosed, after a closed one": f"First:\n\n```\nf(1)\n```\n\n```python\n{CODE}",
    "tilde, unclosed": f"~~~\n{CODE}",
    "tilde, longer": f"~~~~~~ python\n{CODE}~~~~~~~",
    "indented by a tab": textwrap.indent(f"```python\n{CODE}```", "\t"),
    "wholly indented by tabs": textwrap.indent(f"Idea.\n\n```python\n{CODE}```\n", "\t"),
    "quoted twice": textwrap.indent(f"```python\n{CODE}```\n", "> > ", lambda line: True),
    "quoted, unclosed": "Idea:\n\n" + textwrap.indent(f"```python\n{CODE}", "> ", lambda line: True) + "\nThat is all.",
    "quoted in a list": textwrap.indent(f"```python\n{CODE}```\n", "  > ", lambda line: True).replace("  ", "- ", 1),
    "in a list in a list": "1. Idea\n   - Code\n\n" + textwrap.indent(f"```python\n{CODE}```\n", "     "),
    "in a list without indentation": f"1. Idea:\n```python\n{CODE}```",
    "bare": CODE,
    "bare with blank lines": f"\n\n{CODE}\n\n",
}


@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_the_code_is_found_however_it_is_fenced(answer, end_of_line):
    written = answer.replace("\r\n", "\n").replace("\n", end_of_line)
    assert extract_code(written).strip("\n") == CODE.strip("\n")


@pytest.mark.parametrize(
    "info",
    ["", "python", "python3", "py", "Python", " python ", "python title=\"a.py\"", "python:a.py", "{.python #id}",
     "{python, echo=FALSE}", "python # the program", "pyhton", "text", "diff", "\t"],
)  # fmt: skip
def test_whatever_stands_behind_the_fence_is_no_part_of_the_code(info):
    assert extract_code(f"Idea.\n\n```{info}\n{CODE}```\nDone.") == CODE
    assert extract_code(f"Idea.\n\n~~~{info}\n{CODE}~~~\nDone.") == CODE


def test_of_equal_blocks_the_first_wins():
    first, second, third = (CODE.replace("1", digit) for digit in "123")
    assert extract_code(f"```\n{first}```\n\n~~~\n{second}~~~\n\n> ```\n> {third}> ```") == first
    assert extract_code(f"```\n{second}```\n\n```\n{first}```\n") == second


def test_of_blocks_of_equal_size_one_that_parses_wins():
    broken = CODE.replace(":", ";")
    assert extract_code(f"```\n{broken}```\n\n```\n{CODE}```") == CODE


def test_an_empty_block_does_not_hide_another():
    assert extract_code(f"```python\n```\n\n```python\n{CODE}```") == CODE


def test_a_fence_of_the_same_length_belongs_to_the_code_where_it_is_indented_as_code_is():
    inner = 'def f():\n    """\n    ```\n    f()\n    ```\n    """\n    return 1\n'
    assert extract_code(f"```python\n{inner}```") == inner


def test_a_fence_of_the_same_length_at_the_beginning_of_a_line_ends_the_block_as_markdown_says():
    assert fenced_blocks('```python\ntext = """\n```\nfenced\n```\n"""\n```\n')[0] == 'text = """\n'


def test_backticks_within_a_line_are_no_fence():
    assert extract_code("Call ```f(x)``` or `g`.") is None
    assert extract_code("``` f(x) ```") is None


@pytest.mark.parametrize(
    "answer",
    ["", "I cannot do that.", "x", "42", "print(1)", "Idea: use `f(x)` twice.", "def f(: broken", "\x00"],
    ids=repr,
)
def test_an_answer_without_code_has_none(answer):
    assert extract_code(answer) is None


def test_a_fence_inside_a_longer_fence_belongs_to_the_code():
    inner = f'def f():\n    """\n    ```python\n    {CODE.splitlines()[0]}\n    ```\n    """\n'
    assert extract_code(f"````python\n{inner}````") == inner


def test_a_fence_of_the_other_kind_inside_a_fence_belongs_to_the_code():
    inner = 'text = """\n```\nfenced\n```\n"""\n'
    assert extract_code(f"~~~\n{inner}~~~") == inner


def test_of_several_blocks_the_largest_wins():
    assert extract_code(f"```\nf(1)\n```\n\nand in full\n\n```\n{CODE}```\n\n```\nf(2)\n```") == CODE


def test_a_block_that_parses_beats_a_larger_one_that_does_not():
    output = "Traceback (most recent call last):\n" * 10
    assert extract_code(f"```\n{output}```\n\n```python\n{CODE}```") == CODE


def test_a_single_block_counts_even_if_it_does_not_parse():
    assert extract_code("```\ndef f(:\n```") == "def f(:\n"


def test_an_empty_block_is_a_block():
    assert extract_code("```python\n```") == ""


def test_a_list_of_answers_gives_the_codes_that_there_are_in_order():
    other = CODE.replace("1", "2")
    assert extract_code([f"```\n{CODE}```", "no idea", f"```\n{other}```"]) == [CODE, other]


def test_an_empty_list_gives_an_empty_list():
    assert extract_code([]) == []


def test_every_block_is_found_in_order():
    assert fenced_blocks("```\na\n```\n> ~~~\n> b\n> ~~~\n\n- c\n\n  ```\n  d\n  ```\n") == ["a\n", "b\n", "d\n"]


@pytest.mark.parametrize(
    "answer",
    ["(" * 100_000, "```\n" + "[" * 50_000 + "\n```", "> " * 5_000 + "x", "- " * 2_000 + "x", "```\n" * 4_000],
    ids=["brackets", "brackets in a fence", "quotes", "lists", "fences"],
)
def test_deep_and_odd_answers_are_taken_in_stride(answer):
    extract_code(answer)


def test_a_text_like_stairs_is_read_once():
    """A megabyte of them took a minute, and two went deeper than Python goes."""
    stairs = "".join(" " * depth + "a\n\n" for depth in range(4, 4000, 4)) + " " * 4000 + "```\n"
    assert fenced_blocks(stairs) == []


@given(st.text(alphabet="`~> \n\r\tdef():x-1", max_size=80))
def test_any_text_is_an_answer(answer):
    assert extract_code(answer) is None or isinstance(extract_code(answer), str)


@given(st.text(alphabet="abc=+()\n #'", max_size=60).map(lambda code: code + "\n"))
def test_a_fenced_program_comes_out_unchanged(code):
    assert extract_code(f"```python\n{code}```") == code


def test_no_answer_has_no_code():
    assert extract_code(None) is None
    assert extract_code([None, "```\na\n```"]) == ["a\n"]
