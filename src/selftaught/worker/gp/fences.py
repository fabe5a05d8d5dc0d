"""Reading: from a prompt's text to the fenced programs in it.

A line-based reading of CommonMark fences: any length from three, backticks or tildes, indented, with any line ends,
closed or not. A program may itself hold fence lines inside a string, so a block that does not parse is tried again up
to the next line that could close it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*([^`]*)$")
_MOST_FENCE_LINES = 2_000
_MOST_ENDINGS = 10


@dataclass(frozen=True)
class _FenceLine:
    """A line that opens or closes a fence: its number, indentation, marker and info string."""

    number: int
    indent: int
    marker: str
    info: str


def _fence_lines(lines: list[str]) -> list[_FenceLine]:
    """All lines that look like a fence, in order, at most `_MOST_FENCE_LINES`."""
    found: list[_FenceLine] = []
    for number, line in enumerate(lines):
        if "```" not in line and "~~~" not in line:
            continue
        match = _FENCE.match(line)
        if match:
            found.append(_FenceLine(number, len(match[1]), match[2], match[3].strip()))
            if len(found) == _MOST_FENCE_LINES:
                break
    return found


def _closes(line: _FenceLine, opening: _FenceLine) -> bool:
    """Whether `line` may close the fence that `opening` opened."""
    return not line.info and line.marker[0] == opening.marker[0] and len(line.marker) >= len(opening.marker)


def _content(lines: list[str], opening: _FenceLine, end: int) -> str:
    """The text between a fence's opening and line `end`, less the fence's own indentation."""
    body = lines[opening.number + 1 : end]
    if opening.indent:
        body = [line[min(opening.indent, len(line) - len(line.lstrip(" \t"))) :] for line in body]
    return "\n".join(body)


def _endings(fences: list[_FenceLine], index: int, n_lines: int) -> Iterator[tuple[int, int]]:
    """Where the fence that `fences[index]` opens may end: a line number, and the index of the fence line after it."""
    opening = fences[index]
    tried = 0
    for later in range(index + 1, len(fences)):
        if _closes(fences[later], opening):
            yield fences[later].number, later + 1
            tried += 1
            if tried == _MOST_ENDINGS:
                return
    yield n_lines, len(fences)


def fenced(message: str, read: Callable[[str], T | None]) -> list[T]:
    """What `read` made of each fenced block, in order; blocks of which it makes nothing are left out.

    Args:
        message: The prompt.
        read: From a block's text to what is wanted, or `None`; then it is asked again with a longer text.
    """
    lines = message.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    fences = _fence_lines(lines)
    found: list[T] = []
    index = 0
    while index < len(fences):
        first_after: int | None = None
        for end, after in _endings(fences, index, len(lines)):
            first_after = after if first_after is None else first_after
            result = read(_content(lines, fences[index], end))
            if result is not None:
                found.append(result)
                first_after = after
                break
        index = max(index + 1, first_after or 0)
    return found
