"""Records to rows and back. A record's fields are named as the columns; the column's kind says what happens between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Select, Table, select

from selftaught.errors import Outcome
from selftaught.store import documents
from selftaught.store.records import as_written
from selftaught.store.schema import Kind, kind_of, texts

Record = TypeVar("Record")
KeepText = Callable[[str], str]

_HASHES_PER_QUERY = 500


def to_row(table: Table, values: Mapping[str, Any], keep_text: KeepText) -> dict[str, Any]:
    """The row of `table` for those of `values` that have a column in it.

    Args:
        keep_text: Stores a text in `texts` and returns its sha256.
    """
    columns = table.c
    return {name: _stored(columns[name], value, keep_text) for name, value in values.items() if name in columns}


def _stored(column: Column[Any], value: Any, keep_text: KeepText) -> Any:
    kind = kind_of(column)
    if value is None and kind is not Kind.SHARED_DOCUMENT:
        return None
    match kind:
        case Kind.MOMENT:
            return moment(value)
        case Kind.DOCUMENT:
            return documents.escape(documents.encode(value))
        case Kind.SHARED_DOCUMENT:
            return documents.escape(documents.encode(value, keep_text))
        case Kind.SHARED_TEXT:
            return keep_text(value)
        case _:
            return documents.escape(str(value)) if isinstance(value, str) else value


def moment(when: datetime) -> str:
    """`when` as UTC text that sorts.

    Raises:
        ValueError: It has no time zone.
    """
    if when.tzinfo is None:
        raise ValueError("a moment needs a time zone: the clock of the store should return datetime.now(UTC)")
    return when.astimezone(UTC).isoformat(timespec="microseconds")


def moment_of(stored: str) -> datetime:
    """The moment that `moment` made such text of.

    Raises:
        ValueError: It is no such text.
    """
    when = datetime.fromisoformat(stored)
    if when.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {stored}")
    return when


def load(connection: Connection, query: Select[Any], table: Table, record: type[Record]) -> list[Record]:
    """The records that `query` finds; it selects columns of `table`, and others are taken as they are.

    Raises:
        StoreError: What stands there is none of ours.
    """
    rows = [dict(row) for row in connection.execute(query).mappings()]
    with as_written(f"the table {table.name}"):
        found = load_texts(connection, _hashes(table, rows))
        return [record(**_values(table, row, found)) for row in rows]


def _values(table: Table, row: Mapping[str, Any], found: Mapping[str, str]) -> dict[str, Any]:
    columns = table.c
    return {
        name: _loaded(kind_of(columns[name]) if name in columns else Kind.PLAIN, value, found)
        for name, value in row.items()
    }


def _loaded(kind: Kind, value: Any, found: Mapping[str, str]) -> Any:
    if value is None:
        return None
    match kind:
        case Kind.MOMENT:
            return moment_of(value)
        case Kind.OUTCOME:
            return Outcome(value)
        case Kind.DOCUMENT | Kind.SHARED_DOCUMENT:
            return documents.decode(documents.unescape(value), found)
        case Kind.SHARED_TEXT:
            return found[value]
        case _:
            return documents.unescape(value) if isinstance(value, str) else value


def _hashes(table: Table, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """The sha256 of each text that `rows` point to."""
    hashes: set[str] = set()
    for column in table.c:
        values = [row[column.name] for row in rows if row.get(column.name) is not None]
        if kind_of(column) is Kind.SHARED_TEXT:
            hashes.update(values)
        elif kind_of(column) is Kind.SHARED_DOCUMENT:
            hashes.update(sha256 for value in values for sha256 in documents.references(value))
    return hashes


def load_texts(connection: Connection, hashes: Iterable[str]) -> dict[str, str]:
    """The texts with those sha256, by sha256."""
    wanted = sorted(hashes)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _HASHES_PER_QUERY):
        query = select(texts).where(texts.c.sha256.in_(wanted[start : start + _HASHES_PER_QUERY]))
        found.update((row.sha256, documents.unescape(row.text)) for row in connection.execute(query))
    return found
