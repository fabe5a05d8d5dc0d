"""Parameters that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from selftaught.errors import ConfigError
from selftaught.settings import DEFAULT_STORE

StorePath = Annotated[
    str | None, Parameter(name="--store", help="The store: a file, by default selftaught.db in this folder.")
]
Json = Annotated[bool, Parameter(name="--json", help="Print one JSON document to stdout, and nothing else.")]

LogPath = Annotated[
    str | None,
    Parameter(name="--log", help="A file for events, a JSON document a line; by default $SELFTAUGHT_LOG, or none."),
]


def store_location(given: str | None) -> str | Path:
    """The store that is meant."""
    return given or os.environ.get("SELFTAUGHT_STORE") or DEFAULT_STORE


def store_to_read(given: str | None) -> str | Path:
    """The store that is meant, by a command that makes none.

    Raises:
        ConfigError: There is none.
    """
    location = store_location(given)
    path = Path(location)
    if "://" not in str(location) and path.parent.is_dir() and not path.exists():
        raise ConfigError(
            f"there is no store at {path.absolute()}: `selftaught run` makes one; name another with --store"
        )
    return location
