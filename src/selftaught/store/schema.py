"""The tables, in types that SQLite and PostgreSQL share.

Every text, wherever it occurs, is stored once in `texts`, by content hash: a program's source, a prompt, an answer, a
long string in the journal. Moments are UTC in ISO 8601 with microseconds, as text that sorts. A column's `kind` says
how `rows.py` reads and writes it.
"""

from __future__ import annotations

import enum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
"""The schema revisions that this code knows, oldest first; the last is the one it writes."""
VERSION_TABLE = "selftaught_schema"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_BIG = BigInteger().with_variant(Integer, "sqlite")


class Kind(enum.Enum):
    """How a column is read and written."""

    PLAIN = enum.auto()
    MOMENT = enum.auto()
    OUTCOME = enum.auto()
    DOCUMENT = enum.auto()
    SHARED_DOCUMENT = enum.auto()
    """A document whose long texts are in `texts`."""
    SHARED_TEXT = enum.auto()
    """A text that is in `texts`; the column holds its hash."""


def kind_of(column: Column[Any]) -> Kind:
    """How `column` is read and written."""
    kind: Kind = column.info.get("kind", Kind.PLAIN)
    return kind


def _text(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=null)


def _number(name: str) -> Column[Any]:
    return Column(name, Float(53), nullable=True)


def _moment(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, String(32), nullable=null, info={"kind": Kind.MOMENT})


def _document(name: str, *, null: bool = False, kind: Kind = Kind.DOCUMENT) -> Column[Any]:
    return Column(name, Text, nullable=null, info={"kind": kind})


def _outcome(*, null: bool = False) -> Column[Any]:
    return Column("outcome", String(32), nullable=null, info={"kind": Kind.OUTCOME})


def _shared_text(name: str) -> Column[Any]:
    return Column(name, String(64), ForeignKey("texts.sha256"), nullable=False, info={"kind": Kind.SHARED_TEXT})


def _program(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, String(64), ForeignKey("programs.sha256"), nullable=null)


def _run(**options: Any) -> Column[Any]:
    return Column("run_id", String(64), ForeignKey("runs.run_id"), nullable=False, **options)


def _improvement(name: str = "improvement_id", *, null: bool = True) -> Column[Any]:
    return Column(name, String(64), ForeignKey("improvements.id"), nullable=null)


def _count(name: str) -> Column[Any]:
    return Column(name, _BIG, nullable=False)


def _serial() -> Column[Any]:
    return Column("id", _BIG, primary_key=True, autoincrement=True)


texts = Table("texts", metadata, Column("sha256", String(64), primary_key=True), _text("text"))

programs = Table(
    "programs",
    metadata,
    Column("sha256", String(64), ForeignKey("texts.sha256"), primary_key=True),
    Column("kind", String(16), nullable=False),
    _moment("created_at"),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("status", String(16), nullable=False),
    _document("config"),
    _document("versions"),
    Column("isolation", String(32), nullable=False),
    _document("process"),
    _moment("created_at"),
    _moment("finished_at", null=True),
    _document("result", null=True),
    _text("message"),
    Index(None, "created_at"),
)

improvements = Table(
    "improvements",
    metadata,
    Column("id", String(64), primary_key=True),
    _run(),
    _improvement("parent"),
    _text("path"),
    _program("improver"),
    _text("task"),
    Column("split", String(16), nullable=False),
    _text("key"),
    _program("initial"),
    _program("result", null=True),
    _outcome(null=True),
    _text("message"),
    _number("value"),
    _document("budget", null=True),
    _moment("started_at"),
    _moment("finished_at", null=True),
    Index(None, "run_id", "path"),
)

rounds = Table(
    "rounds",
    metadata,
    _run(primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    _program("improver"),
    _program("candidate", null=True),
    _program("parent", null=True),
    Column("accepted", Boolean, nullable=False),
    _number("validation"),
    _number("incumbent_validation"),
    _number("test_mean"),
    _number("test_low"),
    _number("test_high"),
    Column("test_n", Integer, nullable=False),
    _document("budget"),
    _moment("created_at"),
)

evaluations = Table(
    "evaluations",
    metadata,
    _serial(),
    _run(),
    _improvement(),
    _program("program"),
    _text("task"),
    Column("split", String(16), nullable=False),
    _text("key"),
    _outcome(),
    _text("message"),
    _number("value"),
    _document("scores"),
    Column("n", Integer, nullable=False),
    _number("cpu_seconds"),
    _moment("created_at"),
    Index(None, "run_id", "improvement_id"),
    Index(None, "program", "run_id", "key"),
)

model_calls = Table(
    "model_calls",
    metadata,
    _serial(),
    _run(),
    _improvement(),
    _text("model"),
    Column("request_sha256", String(64), nullable=False),
    Column("ordinal", Integer, nullable=False),
    _shared_text("expertise"),
    _shared_text("message"),
    Column("temperature", Float(53), nullable=False),
    Column("n_responses", Integer, nullable=False),
    _document("answers", kind=Kind.SHARED_DOCUMENT),
    _document("tokens", null=True),
    Column("seconds", Float(53), nullable=False),
    _moment("created_at"),
    Column("key", String(64), nullable=True),
    Index(None, "run_id", "improvement_id"),
    Index(None, "request_sha256", "ordinal"),
    Index(None, "key"),
)

journal = Table(
    "journal",
    metadata,
    _serial(),
    _run(),
    _improvement(null=False),
    Column("sequence", Integer, nullable=False),
    _text("method"),
    _document("request", kind=Kind.SHARED_DOCUMENT),
    _document("response", kind=Kind.SHARED_DOCUMENT),
    _moment("created_at"),
    _document("spent", null=True),
    UniqueConstraint("improvement_id", "sequence"),
    Index(None, "run_id"),
)

violations = Table(
    "violations",
    metadata,
    _serial(),
    _run(),
    _improvement(),
    _program("program", null=True),
    _text("kind"),
    _text("detail"),
    _moment("created_at"),
    Column("count", Integer, nullable=False, server_default="1"),
    Index(None, "run_id"),
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("id", String(64), primary_key=True),
    _run(),
    Column("key", String(64), nullable=False),
    _text("model"),
    *(_count(name) for name in ("tokens_in", "tokens_cached", "tokens_out", "tokens_reasoning")),
    Column("cost_usd", Float(53), nullable=False),
    *(_count(name) for name in ("n_unpriced", "n_miscounted")),
    Column("seconds", Float(53), nullable=False),
    _document("asked", null=True),
    _moment("created_at"),
    Index(None, "run_id", "key"),
    Index(None, "key"),
)
"""What was asked over the network, each time that something was sent, whatever came of it."""

reservations = Table(
    "reservations",
    metadata,
    Column("id", String(64), primary_key=True),
    _run(),
    _document("worst"),
    Column("is_counted", Boolean, nullable=False),
    Column("is_told", Boolean, nullable=False),
    _moment("created_at"),
    Index(None, "run_id"),
)
"""What is sent over the network next, and may cost; counted as soon as it is known what it did cost."""

answers = Table(
    "answers",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("sample", Integer, primary_key=True, autoincrement=False),
    _shared_text("text"),
    Column("finish", String(16), nullable=False),
    Column("exchange", String(64), ForeignKey("exchanges.id"), nullable=False),
    Index(None, "exchange"),
)
"""The samples of language models, found by what was asked and the ordinal of the sample, whichever run asked first."""

notices = Table(
    "notices",
    metadata,
    _serial(),
    _run(),
    _improvement(),
    Column("kind", String(32), nullable=False),
    _text("detail"),
    _moment("created_at"),
    Index(None, "run_id"),
)
"""What a person should know of how a run went, such as that it was resumed."""
