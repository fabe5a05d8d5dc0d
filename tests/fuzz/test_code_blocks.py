"""The code-block extractor on any text: it never raises, invents nothing, and takes time in proportion to the text."""

from __future__ import annotations

import sys

import pytest
from hypothesis import strategies as st

from selftaught.worker.code_blocks import extract_code, fenced_blocks

CODE = "def f(x):\n    return x + 1\n"
LARGE = 200_000

NASTY = {
    "a megabyte of backticks": "`" * 1_000_000,
    "backticks on lines": "`\n" * LARGE,
    "fences": "```\n" * 20_000,
    "fences of growing length": "".join("`" * length + "\n" for length in range(3, 1000)),
    "a huge line in a fence": f"```\n{'x' * LARGE}\n```",
    "nulls": "\x00" * LARGE,
    "nulls in a fence": "```\n\x00\n```",
    "lone surrogates": "```\n\ud800\udfff = 1\n```\n\udc80",
    "a surrogate alone": "\ud800",
    "quotes": "> " * 50_000 + "x",
    "quoted fences": "> ```\n" * 10_000,
    "fences in every other quote": "> ```\n\n" * 10_000,
    "lists": "- " * 50_000 + "x",
    "numbers": "1. " * 50_000,
    "links": "[" * LARGE,
    "references": "[a]: b\n" * 10_000,
    "open references": "[a\n" * 5_000,
    "tables": "|a" * 50_000 + "\n" + "|-" * 50_000,
    "stars": "*a **a " * 20_000,
    "open comments": "<!--" * 50_000,
    "tags": "<a " * 50_000,
    "carriage returns": "```\r" * 10_000,
    "other ends of lines": "```\u2028x\u2029```\x0b\x0c\x85```",
    "tabs": "\t" * LARGE + "```",
    "nested brackets": "(" * LARGE,
    "brackets in a fence": "```\n" + "[" * LARGE + "\n```\n```\nx\n```",
    "minuses": "-" * LARGE + "1",
    "powers": "1" + "**1" * LARGE,
    "lambdas": "lambda:" * 50_000 + "1",
    "a number": "x = " + "9" * LARGE,
    "nested texts": "f'{" * 5_000,
    "deep blocks": "".join(" " * depth + "if 1:\n" for depth in range(300)),
    "odd escapes": '```\nx = "\\d"\n```\n```\n1if 1else 2\n```',
}


def stairs(n: int) -> str:
    return "".join(" " * (4 * depth) + "a\n\n" for depth in range(1, n)) + " " * (4 * n) + "```\n"


PIECES = st.sampled_from(
    [
        *(
            "```",
            "~~~",
            "````",
            "`",
            "~",
            "```python",
            "``` x=`1`",
            "\n",
            "\n",
            "\n\n",
            "\r\n",
            "\r",
            "\t",
            "    ",
            " ",
        ),
        *(
            "> ",
            ">",
            "- ",
            "* ",
            "1. ",
            "1) ",
            "+ ",
            "#",
            "<div>",
            "<!--",
            "-->",
            "<pre>",
            "</pre>",
            "[a]: b",
            "[",
            "]",
        ),
        *("\x00", "\ud800", "\u2028", "\x0c", "\ufeff", "\u00a0", "é", "😀", "\\", "===", "---", "|", "&amp;", "&#0;"),
        *(
            CODE,
            "x = 1",
            "def f(:",
            "class C: pass",
            "(",
            "[",
            "{",
            '"',
            '"""',
            "'",
            "\\d",
            "lambda:",
            "-" * 50,
            "(" * 150,
        ),
    ]
)
MARKDOWN = st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join)
FENCED = st.builds(
    lambda before, indent, quote, fence, info, body, end, after: (
        before
        + "".join(indent + quote + line for line in f"{fence}{info}\n{body}\n{end}".splitlines(keepends=True))
        + after
    ),
    MARKDOWN,
    st.sampled_from(["", " ", "   ", "    ", "\t", "      "]),
    st.sampled_from(["", "> ", ">", "- ", "  "]),
    st.sampled_from(["```", "~~~", "`````", "``", "~~~~"]),
    st.sampled_from(["", "python", "python title=`a`", " py\t", "\x00"]),
    MARKDOWN | st.just(CODE),
    st.sampled_from(["```", "~~~", "", "`````", "  ```", "``` x"]),
    MARKDOWN,
)
ANYTHING = st.text(st.characters(), max_size=300)
REPEATED = st.builds(lambda piece, other, n: (piece + other) * n, PIECES, PIECES, st.integers(1, 400))
ANSWERS = st.one_of(MARKDOWN, FENCED, ANYTHING, REPEATED)


def check(answer: str) -> None:
    blocks = fenced_blocks(answer)
    plain = answer.replace("\x00", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")
    for block in blocks:
        assert type(block) is str
        # A line loses at most its indentation and its quote; tabs among those may become blanks.
        for line in block.split("\n"):
            assert line.strip(" \t") in plain, block
    code = extract_code(answer)
    unmarked = fenced_blocks(answer[1:]) if answer.startswith("\ufeff") else blocks
    if any(map(str.strip, unmarked)):
        assert code in unmarked
    elif code is not None:
        for line in code.split("\n"):
            assert line.strip(" \t") in plain, code
    assert extract_code([answer, answer]) == ([] if code is None else [code, code])


@pytest.mark.filterwarnings("ignore")  # Python's remarks on odd programs
def test_random_answers(fuzz):
    fuzz("code blocks", ANSWERS, check)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("answer", NASTY.values(), ids=NASTY.keys())
def test_nasty_answers(answer):
    check(answer)


def steps_of(text: str) -> int:
    """How many functions are called until the blocks of a text are found."""
    n_steps = 0

    def count(*_: object) -> None:
        nonlocal n_steps
        n_steps += 1

    sys.setprofile(count)
    try:
        fenced_blocks(text)
    finally:
        sys.setprofile(None)
    return n_steps


REPEATING = [
    *(
        "`",
        "`a",
        "[",
        "![",
        "[a](b",
        "*a **a ",
        "> ",
        "> > x\n",
        "- ",
        "- x\n",
        "- a\n\n",
        "<a ",
        "<!--",
        "<h:",
        "&a",
        "\\",
    ),
    *("[a]: b\n", "[a]:\n", "[a\n", "a\n", "a\n\n", "|a", "```\n", "```\n~~~\n", "> ```\n", "> ```\n\n", "    ```\n\n"),
    *("- \n\n      ```\n", "    x\n", "\n", "\t", " ", "1. ", "_a", "> - ", "* ", "#", "~~~", "\r", "<div>\n", "==="),
]


@pytest.mark.parametrize("piece", REPEATING, ids=repr)
def test_twice_the_text_takes_twice_the_steps(piece):
    assert steps_of(piece * 800) <= 2.5 * steps_of(piece * 400)


def test_stairs_take_steps_in_proportion_to_their_bytes():
    assert len(stairs(200)) < 4 * len(stairs(100))
    assert steps_of(stairs(200)) <= 5 * steps_of(stairs(100))
