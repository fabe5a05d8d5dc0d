"""The store: every program, evaluation, model call and remote call of every run, written before anything depends on it.

    records.py     what goes in and comes out: frozen dataclasses, no database in sight
    store.py       `Store`, the only door: enqueue, await `committed()`, ask
    writer.py      one thread that commits all that is pending in one transaction
    queries.py     what is read
    rows.py        records to rows and back;  documents.py: plain data to text and back, whatever is in it
    schema.py      the tables;  migrations/: how they came about;  migrate.py: the only place that loads Alembic
    backup.py      the copy that is made of an older store before it is migrated
    database.py    opening, checking and mending messages;  place.py: where a file may be;  server.py: a database server
    integrity.py   whether a store is whole;  processes.py: is the process of a run still there

Importing this package loads the records only: `Store`, and SQLAlchemy with it, load when first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selftaught.store.records import (
    AnswerRecord,
    CallFigures,
    EvaluationRecord,
    ExchangeRecord,
    FailedCall,
    ImprovementKey,
    ImprovementRecord,
    JournalEntry,
    ModelCallRecord,
    NoticeRecord,
    ProgramRecord,
    ReservationRecord,
    RoundRecord,
    RunRecord,
    RunStart,
    RunSummary,
    ViolationRecord,
    as_written,
    sha256_of,
)

if TYPE_CHECKING:
    from selftaught.store.store import Store

__all__ = [
    "AnswerRecord",
    "CallFigures",
    "EvaluationRecord",
    "ExchangeRecord",
    "FailedCall",
    "ImprovementKey",
    "ImprovementRecord",
    "JournalEntry",
    "ModelCallRecord",
    "NoticeRecord",
    "ProgramRecord",
    "ReservationRecord",
    "RoundRecord",
    "RunRecord",
    "RunStart",
    "RunSummary",
    "Store",
    "ViolationRecord",
    "as_written",
    "sha256_of",
]


def __getattr__(name: str) -> Any:
    """`Store`, loaded when first asked for: SQLAlchemy is slow to import and `--help` does not need it."""
    if name != "Store":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from selftaught.store.store import Store

    return Store
