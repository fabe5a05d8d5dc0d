"""The first schema."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Nothing; makes all tables."""
    _make_programs()
    _make_runs()
    _make_improvements()
    _make_rounds()
    _make_evaluations()
    _make_model_calls()
    _make_journal()
    _make_violations()


def _short(name: str, length: int, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=null)


def _text(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=null)


def _number(name: str, *, null: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Float(53), nullable=null)


def _whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}")


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _serial() -> sa.Column[Any]:
    return sa.Column("id", _BIG, autoincrement=True, nullable=False)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _make_programs() -> None:
    op.create_table("texts", _short("sha256", 64), _text("text"), _key("texts", "sha256"))
    op.create_table(
        "programs",
        _short("sha256", 64),
        _short("kind", 16),
        _short("created_at", 32),
        _key("programs", "sha256"),
        _points("programs", "sha256", "texts.sha256"),
    )


def _make_runs() -> None:
    op.create_table(
        "runs",
        _short("run_id", 64),
        _short("status", 16),
        _text("config"),
        _text("versions"),
        _short("isolation", 32),
        _text("process"),
        _short("created_at", 32),
        _short("finished_at", 32, null=True),
        _text("result", null=True),
        _text("message"),
        _key("runs", "run_id"),
    )
    _index("runs", "created_at")


def _make_improvements() -> None:
    table = "improvements"
    op.create_table(
        table,
        _short("id", 64),
        _short("run_id", 64),
        _short("parent", 64, null=True),
        _text("path"),
        _short("improver", 64),
        _text("task"),
        _short("split", 16),
        _text("key"),
        _short("initial", 64),
        _short("result", 64, null=True),
        _short("outcome", 32, null=True),
        _text("message"),
        _number("value"),
        _text("budget", null=True),
        _short("started_at", 32),
        _short("finished_at", 32, null=True),
        _key(table, "id"),
        _points(table, "run_id", "runs.run_id"),
        _points(table, "parent", "improvements.id"),
        _points(table, "improver", "programs.sha256"),
        _points(table, "initial", "programs.sha256"),
        _points(table, "result", "programs.sha256"),
    )
    _index(table, "run_id", "path")


def _make_rounds() -> None:
    table = "rounds"
    op.create_table(
        table,
        _short("run_id", 64),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        _short("improver", 64),
        _short("candidate", 64, null=True),
        _short("parent", 64, null=True),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        _number("validation"),
        _number("incumbent_validation"),
        _number("test_mean"),
        _number("test_low"),
        _number("test_high"),
        _whole("test_n"),
        _text("budget"),
        _short("created_at", 32),
        _key(table, "run_id", "round"),
        _points(table, "run_id", "runs.run_id"),
        _points(table, "improver", "programs.sha256"),
        _points(table, "candidate", "programs.sha256"),
        _points(table, "parent", "programs.sha256"),
    )


def _make_evaluations() -> None:
    table = "evaluations"
    op.create_table(
        table,
        _serial(),
        _short("run_id", 64),
        _short("improvement_id", 64, null=True),
        _short("program", 64),
        _text("task"),
        _short("split", 16),
        _text("key"),
        _short("outcome", 32),
        _text("message"),
        _number("value"),
        _text("scores"),
        _whole("n"),
        _number("cpu_seconds"),
        _short("created_at", 32),
        _key(table, "id"),
        _points(table, "run_id", "runs.run_id"),
        _points(table, "improvement_id", "improvements.id"),
        _points(table, "program", "programs.sha256"),
    )
    _index(table, "run_id", "improvement_id")
    _index(table, "program")


def _make_model_calls() -> None:
    table = "model_calls"
    op.create_table(
        table,
        _serial(),
        _short("run_id", 64),
        _short("improvement_id", 64, null=True),
        _text("model"),
        _short("request_sha256", 64),
        _whole("ordinal"),
        _short("expertise", 64),
        _short("message", 64),
        _number("temperature", null=False),
        _whole("n_responses"),
        _text("answers"),
        _text("tokens", null=True),
        _number("seconds", null=False),
        _short("created_at", 32),
        _key(table, "id"),
        _points(table, "run_id", "runs.run_id"),
        _points(table, "improvement_id", "improvements.id"),
        _points(table, "expertise", "texts.sha256"),
        _points(table, "message", "texts.sha256"),
    )
    _index(table, "run_id", "improvement_id")
    _index(table, "request_sha256", "ordinal")


def _make_journal() -> None:
    table = "journal"
    op.create_table(
        table,
        _serial(),
        _short("run_id", 64),
        _short("improvement_id", 64),
        _whole("sequence"),
        _text("method"),
        _text("request"),
        _text("response"),
        _short("created_at", 32),
        _key(table, "id"),
        _points(table, "run_id", "runs.run_id"),
        _points(table, "improvement_id", "improvements.id"),
        sa.UniqueConstraint("improvement_id", "sequence", name="uq_journal_improvement_id_sequence"),
    )
    _index(table, "run_id")


def _make_violations() -> None:
    table = "violations"
    op.create_table(
        table,
        _serial(),
        _short("run_id", 64),
        _short("improvement_id", 64, null=True),
        _short("program", 64, null=True),
        _text("kind"),
        _text("detail"),
        _short("created_at", 32),
        _key(table, "id"),
        _points(table, "run_id", "runs.run_id"),
        _points(table, "improvement_id", "improvements.id"),
        _points(table, "program", "programs.sha256"),
    )
    _index(table, "run_id")
