"""Code out of a language model's answer, by a CommonMark parser: never by regular expressions.

Improvers get `extract_code` from here (`from helpers import extract_code`); it keeps the released code's signature.
"""

from __future__ import annotations

import ast
import textwrap
from typing import overload

from markdown_it import MarkdownIt

# Blocks are all that is wanted of a text; what stands within a paragraph need not be looked at. A tag alone on a line,
# as models write around an answer, would hide the fence that follows it.
_MARKDOWN = MarkdownIt("commonmark").disable(["inline", "text_join", "html_block"])
_FENCES = ("```", "~~~")


@overload
def extract_code(answer: str | None) -> str | None: ...
@overload
def extract_code(answer: list[str]) -> list[str]: ...
def extract_code(answer: str | list[str] | None) -> str | list[str] | None:
    """The largest fenced block of an answer, or None; for a list of answers, the list of those found.

    None has none, as in the released code.

    Bare code without any fence counts where it parses as Python and defines something. Among several blocks the
    largest one that parses wins, then the largest one, and of equal ones the first. Where no block has anything in it,
    a fence may also open behind other words on its line.
    """
    if answer is None:
        return None
    if not isinstance(answer, str):
        return [code for code in map(extract_code, answer) if code is not None]
    text = answer.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    blocks = fenced_blocks(text)
    if not any(map(str.strip, blocks)):
        blocks = _blocks_behind_words(text) or blocks
    if not blocks:
        return text.strip("\n") if _defines_something(text) else None
    return max(blocks, key=lambda block: (_parses(block), len(block)))


def fenced_blocks(text: str) -> list[str]:
    """The content of every fenced block of a Markdown text, in order; in quotes, lists and indented text too."""
    blocks: list[str] = []
    for token in _MARKDOWN.parse(text):
        if token.type == "fence":
            blocks.append(token.content)
        elif token.type == "code_block" and _has_fence(token.content):
            # Models indent whole answers; CommonMark then sees one indented block with fences inside. Only one such
            # step is taken: a text like stairs has as many as it has lines, each as long as all that follow.
            inner = _MARKDOWN.parse(textwrap.dedent(token.content))
            blocks.extend(found.content for found in inner if found.type == "fence")
    return blocks


def _has_fence(text: str) -> bool:
    return any(line.lstrip().startswith(_FENCES) for line in text.splitlines())


def _blocks_behind_words(text: str) -> list[str]:
    """The blocks with something in them of a text whose fences may open behind other words; none if no fence does."""
    cut = _with_fences_on_their_own_lines(text)
    return [block for block in fenced_blocks(cut) if block.strip()] if cut != text else []


def _with_fences_on_their_own_lines(text: str) -> str:
    """A text whose lines are cut before a fence that ends them, with or without the name of a language."""
    lines = []
    for line in text.split("\n"):
        before, fence, word = line.rpartition("```")
        opens = fence and before.strip(" \t`") and "`" not in word and len(word.split()) <= 1
        lines += [before.rstrip("`"), fence + word] if opens else [line]
    return "\n".join(lines)


def _parses(code: str) -> bool:
    return _tree_of(code) is not None and bool(code.strip())


def _defines_something(text: str) -> bool:
    tree = _tree_of(text)
    return tree is not None and any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in tree.body)


def _tree_of(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
