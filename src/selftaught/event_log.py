"""A log of a run's events in a file: a JSON document on each line, written as things happen."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Iterator

import structlog
from structlog.typing import EventDict

from selftaught.errors import ConfigError
from selftaught.telemetry import Facts, listening

_HOW = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC
"""A pipe without a reader is an error then, and nothing to wait for."""


@contextlib.contextmanager
def events_to(path: str) -> Iterator[None]:
    """Nothing; within it, every event is a line at the end of a file, which only its owner may read if it is new.

    Raises:
        ConfigError: The file cannot be written.
    """
    try:
        descriptor = os.open(path, _HOW, 0o600)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"the log {path!r:.200} cannot be written: {why}; name another with --log") from None
    os.set_blocking(descriptor, True)
    with io.FileIO(descriptor, "a") as file:
        log = structlog.wrap_logger(
            _Lines(file, path),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _what_and_when_first,
                structlog.processors.JSONRenderer(),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(0),
        )

        def tell(event: str, facts: Facts) -> None:
            log.info(event, **facts)

        with listening(tell):
            yield


def _what_and_when_first(_logger: object, _method: str, facts: EventDict) -> EventDict:
    first = {name: facts.pop(name) for name in ("timestamp", "event")}
    return {**first, **facts}


class _Lines:
    """Lines of a file, each written at once; when it takes no more, the run goes on without them."""

    def __init__(self, file: io.FileIO, path: str) -> None:
        self._file = file
        self._path = path
        self._has_failed = False

    def info(self, line: str) -> None:
        """Nothing; writes a line."""
        if self._has_failed:
            return
        try:
            self._file.write(f"{line}\n".encode("ascii", "backslashreplace"))
        except OSError as error:
            self._has_failed = True
            warnings.warn(f"the log {self._path} takes no more lines: {error.strerror}", stacklevel=2)
