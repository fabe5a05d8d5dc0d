"""The standard streams of a command, where nobody reads any more, as of `show RUN | head -1`, or the disk is full."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast


class Unwritten(Exception):
    """A result was not taken by the standard output. No OSError: a console would take that for something of its own.

    Attributes:
        is_unread: Whether that is because nobody reads it, which is no error.
    """

    def __init__(self, reason: OSError) -> None:
        super().__init__(reason.strerror)
        self.is_unread = isinstance(reason, BrokenPipeError)


class _Stream:
    """A standard stream; what was closed before we were started leads nowhere."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream or open(os.devnull, "w")  # noqa: PTH123, SIM115 - as long as the process

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self) -> None:
        """Nothing; what is left in the stream goes nowhere, without a word of the interpreter at the exit."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


class _Results(_Stream):
    """The standard output: what it does not take ends the command, with `Unwritten`."""

    def write(self, text: str) -> int:
        """How many characters were written."""
        with self._or_unwritten():
            return self._stream.write(text)

    def flush(self) -> None:
        """Nothing; what is written goes out."""
        with self._or_unwritten():
            self._stream.flush()

    @contextlib.contextmanager
    def _or_unwritten(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._give_up()
            raise Unwritten(error) from None


class _Progress(_Stream):
    """The standard error: what it does not take is dropped. A run goes on without it, for its result is stored."""

    def write(self, text: str) -> int:
        """How many characters were written or dropped."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Nothing; what is written goes out, or nowhere."""
        with contextlib.suppress(OSError):
            self._stream.flush()

    def close(self) -> None:
        """Nothing; what is left goes out, or nowhere."""
        try:
            self._stream.flush()
        except OSError:
            self._give_up()


@contextlib.contextmanager
def own_streams() -> Iterator[None]:
    """Nothing; in the block all output goes through streams that know what to do where it is not taken.

    Raises:
        Unwritten: By whatever writes to the standard output there.
    """
    results, progress = _Results(sys.stdout), _Progress(sys.stderr)
    with (
        contextlib.redirect_stdout(cast(TextIO, results)),
        contextlib.redirect_stderr(cast(TextIO, progress)),
        contextlib.closing(progress),
    ):
        yield
