"""A store on a database server, named by a URL: what differs from a file. Tested with PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from selftaught.errors import StoreError

_MIGRATION_LOCK = 0x73656C66
"""The number of the advisory lock under which a schema is made: any, so that it is always the same."""

_MENDS = (
    (("28", "3D000"), "let this user in, or correct the address: its user, password and database"),
    (("53100",), "free some space on its disk"),
    (("53",), "it has no room for more: free some, or end other connections"),
    (("25006", "42501"), "let this user write there, or name another store"),
    (("57", "08"), "wait until it is up again, or name another store"),
)
"""What helps, by the beginning of the SQLSTATE that a server gives as its reason."""


def engine_of_url(location: str) -> tuple[str, Engine]:
    """The address without its password, and the engine for it.

    Raises:
        StoreError: It is no address, or its driver is not installed.
    """
    create: Callable[..., Any] = create_engine
    try:
        url = make_url(location)
        # A server may be started anew while a run goes on: connections are looked at before they are used.
        return url.render_as_string(hide_password=True), create(url, pool_pre_ping=True)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise StoreError(
            f"the address of the store cannot be used ({error}): correct it, or install its driver, "
            "for PostgreSQL with pip install 'selftaught[postgres]'"
        ) from error


def reading_options(engine: Engine) -> dict[str, Any]:
    """What a connection needs so that one transaction sees one state of the store."""
    return {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}


def lock_for_migration(connection: Connection) -> None:
    """Nothing; until the transaction ends no other process makes or changes the schema. A file is locked already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))


def explain(error: Exception, name: str) -> str | None:
    """What a server's refusal means, in one sentence with the mend; None where it is not known."""
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None)
    detail = " ".join(str(cause or error).split())[:300]
    if state is None:
        cannot_connect = isinstance(error, DBAPIError) and type(cause).__name__ == "OperationalError"
        hint = "see that it is up and the address is right, or name another store"
        return f"the store {name} cannot be reached ({detail}): {hint}" if cannot_connect else None
    for beginnings, mend in _MENDS:
        if state.startswith(beginnings):
            return f"the store {name} refused a request ({detail}): {mend}"
    return None
