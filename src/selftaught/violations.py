"""Keeping the record of what programs tried and may not: each thing once, with how often, and bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from selftaught.errors import Violation

MAX_DISTINCT_OF_A_KIND = 50
"""One use of a program leaves no more different entries of a kind; the rest of that kind is counted in one entry."""

REST = "more of this kind, not listed one by one"


class ViolationLog:
    """What programs tried: each different thing once, with how often, in the order of the first time.

    Args:
        most_of_a_kind: How many different things of a kind are listed; None is without bound, for what is bounded
            already, such as all that the logs of single programs hold.
    """

    def __init__(self, most_of_a_kind: int | None = MAX_DISTINCT_OF_A_KIND) -> None:
        self._most_of_a_kind = most_of_a_kind
        self._entries: dict[tuple[str, str], Violation] = {}

    def add(self, kind: str, detail: str) -> None:
        """Nothing; notes one try."""
        self._merge(Violation(kind=kind, detail=detail, at=datetime.now(UTC)))

    def extend(self, violations: Iterable[Violation]) -> None:
        """Nothing; notes what another log holds."""
        for violation in violations:
            self._merge(violation)

    def entries(self) -> tuple[Violation, ...]:
        """All of it, in the order of the first time."""
        return tuple(sorted(self._entries.values(), key=lambda violation: violation.at))

    def __bool__(self) -> bool:
        return bool(self._entries)

    def _merge(self, violation: Violation) -> None:
        key = (violation.kind, violation.detail)
        if key not in self._entries and self._is_full(violation.kind):
            key = (violation.kind, REST)
        known = self._entries.get(key)
        if known is None:
            self._entries[key] = replace(violation, detail=key[1])
        else:
            self._entries[key] = replace(known, count=known.count + violation.count, at=min(known.at, violation.at))

    def _is_full(self, kind: str) -> bool:
        most = self._most_of_a_kind
        return most is not None and sum(known == kind for known, _ in self._entries) >= most


class Counted(Protocol):
    """A violation, fresh or from a store."""

    @property
    def kind(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def count(self) -> int: ...


def violations_document(violations: Iterable[Counted]) -> list[dict[str, Any]]:
    """Each different violation once, with how often it was tried; the order does not depend on who came first."""
    counts: Counter[tuple[str, str]] = Counter()
    for violation in violations:
        counts[violation.kind, violation.detail] += violation.count
    return [{"kind": kind, "detail": detail, "count": count} for (kind, detail), count in sorted(counts.items())]
