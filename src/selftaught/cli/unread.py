"""Output that nobody reads any more, as of `selftaught show RUN | head -1`: no error, and no noise."""

from __future__ import annotations

import errno
import os
import sys
from typing import NoReturn, TextIO

from rich.console import Console


class ResultConsole(Console):
    """A console for results: what nobody reads ends the command."""

    def on_broken_pipe(self) -> NoReturn:
        """Nothing; raises what `print` would, where rich would exit with a code of its own."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


class ProgressConsole(Console):
    """A console for progress: a run that nobody watches goes on, for its result is stored."""

    def on_broken_pipe(self) -> None:
        """Nothing; from now on nothing is printed."""
        self.quiet = True
        was_cut(sys.stderr)


def was_cut(stream: TextIO | None) -> bool:
    """Whether nobody reads a stream any more; if so, what is left in it goes nowhere, without a word at the exit."""
    if stream is None:  # it was closed before we were started
        return False
    try:
        stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        return True
    return False
