"""Findings: from places of a syntax tree to bounded lines of text that can be sent. It imports no other module here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import NamedTuple

from ..messages import MAX_FINDING_CHARACTERS, MAX_FINDINGS, Finding

_LINE_END = re.compile("\r\n|\r|\n")
_BEFORE_THE_PLACE = MAX_FINDING_CHARACTERS // 3
_DETAILS_OF_A_LINE = 20


class Found(NamedTuple):
    """A finding before it is cut to size."""

    kind: str
    detail: str
    node: ast.AST


def in_lines(source: str, found_in_it: Iterable[Found]) -> list[Finding]:
    """The findings of a program, one for each kind and line, in the order of lines."""
    lines = _LINE_END.split(source)
    found: dict[tuple[int, str], list[Found]] = {}
    for one in found_in_it:
        line = min(max(getattr(one.node, "lineno", 1), 1), len(lines))
        found.setdefault((line, one.kind), []).append(one)
    return [_finding(line, several, lines[line - 1]) for (line, _), several in sorted(found.items(), key=_by_line)]


def _by_line(item: tuple[tuple[int, str], list[Found]]) -> tuple[int, str]:
    return item[0]


def kept(findings: list[Finding], at_most: int = MAX_FINDINGS) -> list[Finding]:
    """Those of `findings` that are told where there are too many: the first of each kind, then the first of each
    detail, then by line; in their order.
    """
    if len(findings) <= at_most:
        return findings
    first_of_kind = _firsts(findings, (finding.kind for finding in findings))
    first_of_detail = _firsts(findings, ((finding.kind, finding.detail) for finding in findings))
    order = dict.fromkeys([*first_of_kind, *first_of_detail, *range(len(findings))])
    return [findings[index] for index in sorted(list(order)[:at_most])]


def _firsts(findings: list[Finding], keys: Iterable[object]) -> list[int]:
    first: dict[object, int] = {}
    for index, key in enumerate(keys):
        first.setdefault(key, index)
    return list(first.values())


def _finding(line: int, several: list[Found], text: str) -> Finding:
    """One finding of what is found of one kind in one line."""
    first = several[0]
    details = ", ".join(dict.fromkeys(found.detail for found in several[:_DETAILS_OF_A_LINE]))
    column = getattr(first.node, "col_offset", 0)
    return Finding(kind=first.kind, detail=short(details), line=line, text=_around(text, column))


def _around(text: str, column: int) -> str:
    """The line, or where it is long the part of it around `column`, which the parser counts in UTF-8 bytes."""
    stripped = text.strip()
    if len(stripped) <= MAX_FINDING_CHARACTERS:
        return stripped
    at = len(text.encode()[:column].decode(errors="ignore"))
    start = max(at - _BEFORE_THE_PLACE, 0)
    return text[start : start + MAX_FINDING_CHARACTERS].strip()


def short(text: str) -> str:
    """One bounded line of text that can be sent: a name or a constant may hold what is no valid Unicode."""
    return text[:MAX_FINDING_CHARACTERS].encode("utf-8", "replace").decode().replace("\n", " ")
