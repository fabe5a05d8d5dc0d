"""The clock of the store, where nobody gives another."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)
