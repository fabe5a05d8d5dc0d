"""Work that others may watch: a log of events, and spans, where they are asked for."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from selftaught.tracing import spans_sent

LOG_VARIABLE = "SELFTAUGHT_LOG"


@contextlib.contextmanager
def watched(log: str | None) -> Iterator[None]:
    """Nothing; within it, events and spans go where they should.

    Args:
        log: The file that events go to; by default what the environment says, or none.

    Raises:
        ConfigError: They cannot; asked before anything is spent.
    """
    path = log or os.environ.get(LOG_VARIABLE)
    with spans_sent(os.environ), _logged(path) if path else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def _logged(path: str) -> Iterator[None]:
    from selftaught.event_log import events_to  # it takes long to load, and few ask for it

    with events_to(path):
        yield
