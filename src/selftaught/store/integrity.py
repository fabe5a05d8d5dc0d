"""Whether a store is whole: the database's own checks, rows that point nowhere, texts that were altered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection, select, text

from selftaught.store import documents, schema
from selftaught.store.records import sha256_of

_TEXTS_AT_ONCE = 1000


def problems(connection: Connection) -> Iterator[str]:
    """What is wrong, a sentence each; nothing where the store is whole. Reads every page and every text."""
    if connection.dialect.name == "sqlite":
        yield from _problems_of_file(connection)
    yield from _altered_texts(connection)


def _problems_of_file(connection: Connection) -> Iterator[str]:
    for (finding,) in connection.execute(text("PRAGMA integrity_check")):
        if finding != "ok":
            yield f"the file is damaged: {finding}"
    lost = Counter((table, target) for table, _, target, _ in connection.execute(text("PRAGMA foreign_key_check")))
    for (table, target), count in lost.items():
        yield f"{count} row{'s' if count > 1 else ''} of {table} point to rows of {target} that are not there"


def _altered_texts(connection: Connection) -> Iterator[str]:
    query = select(schema.texts).execution_options(yield_per=_TEXTS_AT_ONCE)
    for sha256, stored in connection.execute(query):
        if sha256_of(documents.unescape(stored)) != sha256:
            yield f"the text {sha256[:16]} is not what was written"
