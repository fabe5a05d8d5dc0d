"""Static reading of a program: what its syntax tree shows. Nothing of it is run.

There are two subjects: `static_findings`, what a program may want to do and should not, and `strategies`, how an
improver goes about its work.

Such a reading is easily evaded: a name can be computed, code can come as text, a method can be reached in a hundred
ways, and little here follows values through calls or containers. So a program without findings is not harmless, and
one with findings need not have done anything. Findings tell a person where to look. They stand beside the record of
what was tried, which the kernel and the engine keep, are never counted together with it, and decide nothing: no
program is refused, stopped or scored by them.

    rules.py     which names are findings of which kind
    names.py     what the names of a program stand for: scopes, imports, simple assignments
    checks.py    each place of the tree against the rules

    strategies.py  which flows of data are which strategy
    dry_run.py     what flows where: statements, expressions, and the program's own functions
    library.py     the same of operators, containers and library functions
    values.py      what is known of a value, and what is in a container
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator

from ..messages import MAX_FINDING_CHARACTERS, MAX_FINDINGS, Finding
from .checks import Found, check
from .names import Names
from .strategies import strategies

_LINE_END = re.compile("\r\n|\r|\n")
_BEFORE_THE_PLACE = MAX_FINDING_CHARACTERS // 3
_DETAILS_OF_A_LINE = 20


class NotReadable(Exception):
    """The text is no program that Python's parser takes; the message says why in one line."""


def static_findings(source: str) -> list[Finding]:
    """Every finding of a program, one for each kind and line, in the order of lines.

    Raises:
        NotReadable: It does not parse.
        MemoryError: It is too large, or nested too deeply: the parser says this for both.
    """
    return _in_lines(source, lambda tree: check(Names(tree)))


def strategy_findings(source: str) -> list[Finding]:
    """Every place that shows a strategy of an improver, one for each kind and line, in the order of lines.

    Raises:
        NotReadable: It does not parse.
        MemoryError: It is too large, or nested too deeply.
    """
    return _in_lines(source, lambda tree: strategies(tree, Names(tree)))


def _in_lines(source: str, check_tree: Callable[[ast.Module], Iterator[Found]]) -> list[Finding]:
    lines = _LINE_END.split(source)
    found: dict[tuple[int, str], list[Found]] = {}
    for one in check_tree(_parse(source)):
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


def _parse(source: str) -> ast.Module:
    try:
        # A warning would be printed with its line, which Python looks for in a file.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        place = f"line {error.lineno}: " if error.lineno else ""
        raise NotReadable(_short(f"{place}{type(error).__name__}: {error.msg}")) from None
    except RecursionError:
        raise NotReadable("it is nested too deeply for Python's parser") from None
    except (ValueError, OverflowError) as error:
        raise NotReadable(_short(f"{type(error).__name__}: {error}")) from None


def _finding(line: int, several: list[Found], text: str) -> Finding:
    """One finding of what is found of one kind in one line."""
    first = several[0]
    details = ", ".join(dict.fromkeys(found.detail for found in several[:_DETAILS_OF_A_LINE]))
    column = getattr(first.node, "col_offset", 0)
    return Finding(kind=first.kind, detail=_short(details), line=line, text=_around(text, column))


def _around(text: str, column: int) -> str:
    """The line, or where it is long the part of it around `column`, which the parser counts in UTF-8 bytes."""
    stripped = text.strip()
    if len(stripped) <= MAX_FINDING_CHARACTERS:
        return stripped
    at = len(text.encode()[:column].decode(errors="ignore"))
    start = max(at - _BEFORE_THE_PLACE, 0)
    return text[start : start + MAX_FINDING_CHARACTERS].strip()


def _short(text: str) -> str:
    """One bounded line of text that can be sent: a name or a constant may hold what is no valid Unicode."""
    return text[:MAX_FINDING_CHARACTERS].encode("utf-8", "replace").decode().replace("\n", " ")
