"""Writing: from a syntax tree back to source text that compiles and that people can read."""

from __future__ import annotations

import ast
import re
import warnings

_LONG_TEXT = 60
_MOST_BACKTICKS = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)


def render(tree: ast.Module) -> str | None:
    """The source text of a program, or `None` if there is none that compiles."""
    ast.fix_missing_locations(tree)
    try:
        source = ast.unparse(tree)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = _readable(tree, source)
            compile(source, "<gp>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, OverflowError):
        return None
    return source


def fence(source: str) -> str:
    """A program in a fence that is longer than every fence inside it."""
    longest = max((len(run) for run in _MOST_BACKTICKS.findall(source)), default=2)
    marker = "`" * max(3, longest + 1)
    return f"{marker}python\n{source}\n{marker}"


def _readable(tree: ast.Module, source: str) -> str:
    """The source with long one-line texts of several lines split at their line ends, where that changes nothing."""
    if "\\n" not in source:
        return source
    lines = [_split_text(line) for line in source.split("\n")]
    pretty = "\n".join(lines)
    if pretty == source:
        return source
    try:
        same = ast.dump(ast.parse(pretty)) == ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    return pretty if same else source


_ASSIGNED_TEXT = re.compile(r"""^(\s*)([A-Za-z_][\w.]* = )(f?)('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")( \+ .*)?$""")


def _split_text(line: str) -> str:
    """An assignment of a long text with line ends in it as one piece for each line in brackets; other lines as they are."""
    if len(line) < _LONG_TEXT or "\\n" not in line:
        return line
    match = _ASSIGNED_TEXT.match(line)
    if match is None:
        return line
    indent, target, prefix, literal, rest = match.groups()
    quote, inner = literal[0], literal[1:-1]
    pieces = [piece for piece in re.split(r"(?<=[^\\]\\n)(?=.)", inner) if piece]
    if len(pieces) < 2:
        return line
    inside = f"\n{indent}    ".join(f"{prefix}{quote}{piece}{quote}" for piece in pieces)
    return f"{indent}{target}(\n{indent}    {inside}\n{indent}){rest or ''}"
