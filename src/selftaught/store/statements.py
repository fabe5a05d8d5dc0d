"""The statements that write, each made once, for the dialect at hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Executable, Table, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from selftaught.store import schema

_KEPT = frozenset({"texts", "programs", "improvements", "answers"})
"""Tables in which a row that is there already stays as it is."""
_REPLACED = frozenset({"rounds"})
"""Tables in which a row that is there already is written over."""


class Statements:
    """The statements that write, for one dialect: "sqlite" or "postgresql".

    Attributes:
        last_rank: The rank of what changes rows: after all that makes them.
    """

    def __init__(self, dialect: str) -> None:
        tables = schema.metadata.sorted_tables
        self._rank = {table.name: rank for rank, table in enumerate(tables)}
        self._insert = {table.name: _insert(table, dialect) for table in tables}
        self._update: dict[tuple[str, ...], Executable] = {}
        self.last_rank = len(tables)

    def rank(self, table: Table) -> int:
        """The place of `table` in an order in which a row comes after those that it points to."""
        return self._rank[table.name]

    def insert(self, table: Table) -> Executable:
        """Inserts rows into `table`."""
        return self._insert[table.name]

    def update(self, table: Table, names: Iterable[str]) -> Executable:
        """Sets the columns `names` of the row with a given key; every parameter is the column's name after `new_`."""
        key = (table.name, *names)
        if key not in self._update:
            self._update[key] = _update(table, key[1:])
        return self._update[key]


def _insert(table: Table, dialect: str) -> Executable:
    make: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(table)
    if table.name in _KEPT:
        return statement.on_conflict_do_nothing()  # type: ignore[no-any-return]
    if table.name in _REPLACED:
        keys = {column.name for column in table.primary_key}
        new = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
        return statement.on_conflict_do_update(index_elements=sorted(keys), set_=new)  # type: ignore[no-any-return]
    return statement  # type: ignore[no-any-return]


def _update(table: Table, names: Iterable[str]) -> Executable:
    [key] = table.primary_key
    statement = update(table).where(key == bindparam(f"new_{key.name}"))
    return statement.values({name: bindparam(f"new_{name}") for name in names})
