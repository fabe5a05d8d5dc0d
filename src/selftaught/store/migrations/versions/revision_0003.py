"""Answers of language models over the network, what they cost, and notices of how a run went."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Nothing; makes three tables, and an index by which a stored evaluation is found again."""
    _make_exchanges()
    _make_answers()
    _make_notices()
    op.drop_index("ix_evaluations_program", "evaluations")
    op.create_index("ix_evaluations_program_run_id_key", "evaluations", ["program", "run_id", "key"])


def _short(name: str, length: int, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=null)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, _BIG, nullable=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Float(53), nullable=False)


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}")


def _make_exchanges() -> None:
    op.create_table(
        "exchanges",
        _short("id", 64),
        _short("run_id", 64),
        _short("key", 64),
        sa.Column("model", sa.Text(), nullable=False),
        *(_count(name) for name in ("tokens_in", "tokens_cached", "tokens_out", "tokens_reasoning")),
        _number("cost_usd"),
        *(_count(name) for name in ("n_unpriced", "n_miscounted")),
        _number("seconds"),
        _short("created_at", 32),
        sa.PrimaryKeyConstraint("id", name="pk_exchanges"),
        _points("exchanges", "run_id", "runs.run_id"),
    )
    op.create_index("ix_exchanges_run_id", "exchanges", ["run_id"])


def _make_answers() -> None:
    op.create_table(
        "answers",
        _short("key", 64),
        sa.Column("sample", sa.Integer(), autoincrement=False, nullable=False),
        _short("text", 64),
        _short("finish", 16),
        _short("exchange", 64),
        sa.PrimaryKeyConstraint("key", "sample", name="pk_answers"),
        _points("answers", "text", "texts.sha256"),
        _points("answers", "exchange", "exchanges.id"),
    )
    op.create_index("ix_answers_exchange", "answers", ["exchange"])


def _make_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        _short("run_id", 64),
        _short("improvement_id", 64, null=True),
        _short("kind", 32),
        sa.Column("detail", sa.Text(), nullable=False),
        _short("created_at", 32),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        _points("notices", "run_id", "runs.run_id"),
        _points("notices", "improvement_id", "improvements.id"),
    )
    op.create_index("ix_notices_run_id", "notices", ["run_id"])
