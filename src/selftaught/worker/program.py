"""Loading an untrusted program inside its own confined process, and saying in one line how it failed."""

from __future__ import annotations

import io
import random
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from .messages import MAX_PRINTED_CHARACTERS, Failure

MAX_MESSAGE_CHARACTERS = 400
MODULE_NAME = "__program__"


class ProgramError(Exception):
    """A program cannot be used; `failure` is what the engine is told."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class BoundedText(io.TextIOBase):
    """A text stream that keeps the first 4,096 characters and drops the rest."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._left = MAX_PRINTED_CHARACTERS

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._left > 0:
            kept = text[: self._left]
            self._parts.append(kept)
            self._left -= len(kept)
        return len(text)

    def text(self) -> str:
        """What was kept."""
        return "".join(self._parts)


def prepare(rng_seed: int) -> BoundedText:
    """The stream that takes what the program prints, after the random generators have been set from `rng_seed`."""
    random.seed(rng_seed)
    np.random.seed(rng_seed % 2**32)
    printed = BoundedText()
    sys.stdout = sys.stderr = printed
    return printed


def load(source: str, name: str = MODULE_NAME) -> dict[str, Any]:
    """The namespace of a program after its module level has run.

    Raises:
        ProgramError: The source does not compile, or its module level failed.
    """
    try:
        code = compile(source, f"<{name}>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, OverflowError) as error:
        raise ProgramError(Failure(outcome="invalid_source", message=describe(error))) from None
    except MemoryError:
        raise ProgramError(Failure(outcome="invalid_source", message="too deeply nested to compile")) from None
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except BaseException as error:  # hostile code: SystemExit and KeyboardInterrupt are failures too  # noqa: BLE001
        raise ProgramError(failure_of(error, "while it was loaded: ")) from None
    return module.__dict__


def entry_point(namespace: dict[str, Any], entry: str) -> Callable[..., Any]:
    """The function `entry` of a loaded program.

    Raises:
        ProgramError: There is none.
    """
    function = namespace.get(entry)
    if not callable(function):
        raise ProgramError(Failure(outcome="invalid_source", message=f"it does not define the function {entry}"))
    return function  # type: ignore[no-any-return]


def function_of(source: str, entry: str, *_flags: object, **_more_flags: object) -> Callable[..., Any]:
    """The function `entry` of a program: `temp_override` of the released `helpers`, less its files and its flags.

    Raises:
        ProgramError: The program cannot be loaded, or does not define it.
    """
    if type(source) is not str:
        raise ProgramError(Failure(outcome="invalid_source", message=f"a program is text, not {type(source).__name__}"))
    return entry_point(load(source, f"__{entry}__"), entry)


def failure_of(error: BaseException, prefix: str = "") -> Failure:
    """What the engine is told of an exception that came out of a program."""
    if isinstance(error, MemoryError):
        return Failure(outcome="out_of_memory", message=prefix + "it asked for more memory than its limit")
    return Failure(outcome="raised", message=prefix + describe(error))


def describe(error: BaseException) -> str:
    """One line: the exception's type and message, and the line of the program where it came up."""
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException:  # the program's own exception class may raise in __str__  # noqa: BLE001
        text = type(error).__name__
    line = _line_of(error)
    place = f"line {line}: " if line else ""
    return (place + text).replace("\n", " ")[:MAX_MESSAGE_CHARACTERS]


def _line_of(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<__")]
    return lines[-1] if lines else None
