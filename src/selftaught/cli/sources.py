"""Where settings come from that nobody typed, `selftaught.toml` and the environment, and which of them may.

A file lies in the working folder or above it, and folders come from elsewhere: whoever clones one has not read it.
So a file may set numbers, switches and choices of an experiment, and name what is bundled. It may not weaken the
isolation, say where anything is sent, read from or written to, or what money is counted. The environment is its
owner's, so it may do all that; only the isolation is never switched off by it.
"""

from __future__ import annotations

import re
import sys
import tomllib
import types
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import cyclopts.config

from selftaught.errors import ConfigError
from selftaught.source import nearest, one_line, printable, read_file

if TYPE_CHECKING:
    from cyclopts import App, Token
    from cyclopts.argument import Argument, ArgumentCollection

FILE_NAME = "selftaught.toml"
PREFIX = "SELFTAUGHT_"

ONLY_TYPED = "unsafe-no-isolation"
STRICT_ISOLATION = ("auto", "full")
NEVER_FROM_FILE = {
    "overwrite": "it lets files be overwritten",
    "price-in": "it decides what --max-cost counts",
    "price-out": "it decides what --max-cost counts",
}
"""Numbers and switches that are none of a file's business, and why."""

NAMES = {"model", "inner-model", "improver", "improvers", "task", "tasks"}
"""Settings that are texts and may come from a file, as plain words: names of what is bundled, or of a run."""
_PLAIN_WORDS = re.compile(r"[\w-]+(\s*,\s*[\w-]+)*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class NotTyped:
    """What cyclopts asks for settings that were not typed: the environment first, then the file.

    Attributes:
        commands: The commands; a table of the file is of one of them.
        folder: Where to look for a file, and above it; by default the working folder.
    """

    commands: Sequence[str]
    folder: Path | None = None

    def __call__(self, app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
        """Nothing; gives arguments that were not typed the values that there are, and tells a person which.

        Raises:
            ConfigError: The file cannot be used, or something may not be set from where it is set.
        """
        cyclopts.config.Env(PREFIX, show=False)(app, commands, arguments)
        path = _nearest_file(self.folder or Path.cwd())
        if path is not None:
            settings = _read(path, list(self.commands))
            cyclopts.config.Dict(settings, source=str(path))(app, commands, arguments)
        told = "; ".join(f"{', '.join(names)} from {where}" for where, names in _checked(arguments).items())
        if told:
            print(printable(one_line(f"selftaught: settings that were not typed: {told}")), file=sys.stderr)


def _nearest_file(folder: Path) -> Path | None:
    candidates = (parent / FILE_NAME for parent in (folder, *folder.parents))
    return next((path for path in candidates if path.exists()), None)


def _read(path: Path, commands: list[str]) -> dict[str, Any]:
    try:
        settings = tomllib.loads(read_file(path, errors="strict"), parse_float=str)  # as written: 1e400, and not inf
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{path} is no TOML: {error}") from None
    for name, table in settings.items():
        if name not in commands or not isinstance(table, dict):
            raise ConfigError(
                f"{path}: {name!r:.100} is no table of a command, such as [run]{nearest(name, commands)}; "
                "settings stand in the table of the command that they are for"
            )
    return {command: {key: _as_written(value) for key, value in table.items()} for command, table in settings.items()}


def _as_written(value: Any) -> Any:
    """A value of the file, with a switch as TOML has it: a message shows it so."""
    return str(value).lower() if isinstance(value, bool) else value


def set_by(error: cyclopts.CycloptsError, flag: str) -> str | None:
    """The file or the variable that set the setting that an error is about; None if it was typed."""
    group = error.argument.children if error.argument is not None else ()
    tokens = [token for argument in group if argument.name == flag for token in argument.tokens]
    return _where(tokens[0]) if tokens and tokens[0].source != "cli" else None


def _where(token: Token) -> str:
    return token.keyword or PREFIX if token.source == "env" else token.source


def _checked(arguments: Iterable[Argument]) -> dict[str, list[str]]:
    """The settings that were not typed, by the file or the variable that each comes from."""
    taken: dict[str, list[str]] = {}
    for argument, token in _not_typed(arguments):
        where = _where(token)
        why = _why_not(argument, token.value, is_file=token.source != "env")
        if why:
            raise ConfigError(f"{where} may not set {argument.name}: {why}; {_mend(argument.name)}")
        names = taken.setdefault(where, [])
        if argument.name not in names:
            names.append(argument.name)
    return taken


def _not_typed(arguments: Iterable[Argument]) -> Iterator[tuple[Argument, Token]]:
    return ((argument, token) for argument in arguments for token in argument.tokens if token.source != "cli")


def _why_not(argument: Argument, value: Any, *, is_file: bool) -> str:
    """Why a setting may not come from there; empty if it may."""
    name = argument.name.lstrip("-")
    if name.endswith(ONLY_TYPED):
        return "whoever switches the isolation off has to type it"
    if not is_file:
        return ""
    if name == "isolation":
        return "" if value in STRICT_ISOLATION else "it may only ask for auto or full, and weakens nothing"
    if name in NEVER_FROM_FILE:
        return NEVER_FROM_FILE[name]
    if _is_number_or_choice(argument.hint):
        return ""
    if name not in NAMES:
        return "it says where something is read from, written to or sent"
    if not _PLAIN_WORDS.fullmatch(str(value)):
        return f"{str(value)!r:.100} is more than the name of something bundled"
    return ""


def _mend(name: str) -> str:
    if ONLY_TYPED in name:
        return f"take it out of there, and type {name} if you mean it"
    return "take it out of there and type it, or set it in the environment"


def _is_number_or_choice(hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is Annotated:
        return _is_number_or_choice(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        return all(_is_number_or_choice(part) for part in get_args(hint))
    return origin is Literal or hint in (int, float, bool, type(None))
