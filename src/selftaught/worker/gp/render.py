"""Writing: from a syntax tree back to source text that compiles and that people can read."""

from __future__ import annotations

import ast
import re
import warnings

from .program import UNUSABLE

_LONG_TEXT = 60
_MOST_BACKTICKS = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)


def render(tree: ast.Module) -> str | None:
    """The source text of a program, or `None` if there is none that compiles."""
    try:
        source = ast.unparse(tree)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = _readable(source)
            compile(source, "<gp>", "exec", dont_inherit=True)
    except UNUSABLE:
        return None
    return source


def fence(source: str) -> str:
    """A program in a fence that is longer than every fence inside it."""
    longest = max((len(run) for run in _MOST_BACKTICKS.findall(source)), default=2)
    marker = "`" * max(3, longest + 1)
    return f"{marker}python\n{source}\n{marker}"


_ASSIGNED_TEXT = re.compile(r"""^(\s*)([A-Za-z_][\w.]* = )(f?)('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")( \+ .*)?$""")
_LINE_END = re.compile(r"(?<=[^\\]\\n)(?=.)|(?<=^\\n)(?=.)")


def _readable(source: str) -> str:
    """The source with long one-line texts split where their lines end; the program stays the same."""
    if "\\n" not in source:
        return source
    return "\n".join(_split_text(line) for line in source.split("\n"))


def _split_text(line: str) -> str:
    """An assignment of a long text as one piece for each of its lines, in brackets; other lines as they are."""
    match = _ASSIGNED_TEXT.match(line) if len(line) > _LONG_TEXT and "\\n" in line else None
    if match is None:
        return line
    indent, target, prefix, literal, rest = match.groups()
    quote, pieces = literal[0], _pieces(literal[1:-1])
    texts = [f"{prefix if '{' in piece or '}' in piece else ''}{quote}{piece}{quote}" for piece in pieces]
    inside = f"\n{indent}    ".join(texts)
    new = f"{indent}{target}(\n{indent}    {inside}\n{indent}){rest or ''}"
    same = ast.dump(ast.parse(new.strip())) == ast.dump(ast.parse(line.strip()))
    return new if len(pieces) > 1 and same else line


def _pieces(text: str) -> list[str]:
    """The inside of a literal, cut after each line end."""
    return [piece for piece in _LINE_END.split(text) if piece]
