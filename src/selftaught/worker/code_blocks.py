"""Code out of a language model's answer, by a CommonMark parser: never by regular expressions.

Improvers get `extract_code` from here (`from helpers import extract_code`); it keeps the released code's signature.
"""

from __future__ import annotations

import ast
import textwrap
from typing import overload

from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark")


@overload
def extract_code(answer: str) -> str | None: ...
@overload
def extract_code(answer: list[str]) -> list[str]: ...
def extract_code(answer: str | list[str]) -> str | list[str] | None:
    """The largest fenced block of an answer, or None; for a list of answers, the list of those found.

    Bare code without any fence counts where it parses as Python and defines something. Among several blocks the
    largest one that parses wins, then the largest one.
    """
    if not isinstance(answer, str):
        return [code for code in map(extract_code, answer) if code is not None]
    blocks = fenced_blocks(answer)
    if not blocks:
        return answer.strip("\r\n") if _defines_something(answer) else None
    return max(blocks, key=lambda block: (_parses(block), len(block)))


def fenced_blocks(text: str) -> list[str]:
    """The content of every fenced block of a Markdown text, in order; in quotes, lists and indented text too."""
    blocks: list[str] = []
    for token in _MARKDOWN.parse(text):
        if token.type == "fence":
            blocks.append(token.content)
        elif token.type == "code_block" and _has_fence(token.content):
            # Models indent whole answers; CommonMark then sees one indented block with fences inside.
            blocks.extend(fenced_blocks(textwrap.dedent(token.content)))
    return blocks


def _has_fence(text: str) -> bool:
    return any(line.lstrip().startswith(("```", "~~~")) for line in text.splitlines())


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(code.strip())


def _defines_something(text: str) -> bool:
    if not _parses(text):
        return False
    return any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in ast.parse(text).body)
