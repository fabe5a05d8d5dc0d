"""Parameters that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from selftaught.settings import DEFAULT_STORE

StorePath = Annotated[
    str | None, Parameter(name="--store", help="The store: a file, by default selftaught.db in this folder.")
]
Json = Annotated[bool, Parameter(name="--json", help="Print one JSON document to stdout, and nothing else.")]


def store_location(given: str | None) -> str | Path:
    """The store that is meant."""
    return given or os.environ.get("SELFTAUGHT_STORE") or DEFAULT_STORE
