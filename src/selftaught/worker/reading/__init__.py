"""Static reading of a program: what its syntax tree shows. Nothing of it is run.

There are two subjects: `static_findings`, what a program may want to do and should not, and `strategies`, how an
improver goes about its work.

Such a reading is easily evaded: a name can be computed, code can come as text, a method can be reached in a hundred
ways, and little here follows values through calls or containers. So a program without findings is not harmless, and
one with findings need not have done anything. Findings tell a person where to look. They stand beside the record of
what was tried, which the kernel and the engine keep, are never counted together with it, and decide nothing: no
program is refused, stopped or scored by them.

    checks.py      each place of the tree against the rules
    rules.py       which names are findings of which kind
    strategies/    a dry run of an improver, and which flows of data are which strategy
    names.py       what the names of a program stand for: scopes, imports, simple assignments
    findings.py    findings as they are sent

`checks` and `strategies` import nothing of each other; both need `names`, `findings`, and of `rules` what
things are called.
"""

from __future__ import annotations

import ast
import warnings

from ..messages import Finding
from .checks import check
from .findings import in_lines, kept, short
from .names import Names
from .strategies import strategies

__all__ = ["NotReadable", "kept", "static_findings", "strategy_findings"]


class NotReadable(Exception):
    """The text is no program that Python's parser takes; the message says why in one line."""


def static_findings(source: str) -> list[Finding]:
    """Every finding of a program, one for each kind and line, in the order of lines.

    Raises:
        NotReadable: It does not parse.
        MemoryError: It is too large, or nested too deeply: the parser says this for both.
    """
    return in_lines(source, check(Names(_parse(source))))


def strategy_findings(source: str) -> list[Finding]:
    """Every place that shows a strategy of an improver, one for each kind and line, in the order of lines.

    Raises:
        NotReadable: It does not parse.
        MemoryError: It is too large, or nested too deeply.
    """
    tree = _parse(source)
    return in_lines(source, strategies(tree, Names(tree)))


def _parse(source: str) -> ast.Module:
    try:
        # A warning would be printed with its line, which Python looks for in a file.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        place = f"line {error.lineno}: " if error.lineno else ""
        raise NotReadable(short(f"{place}{type(error).__name__}: {error.msg}")) from None
    except RecursionError:
        raise NotReadable("it is nested too deeply for Python's parser") from None
    except (ValueError, OverflowError) as error:
        raise NotReadable(short(f"{type(error).__name__}: {error}")) from None
