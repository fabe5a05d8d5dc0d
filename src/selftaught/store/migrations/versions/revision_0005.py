"""What calls that failed have cost, and what may have been paid for though nobody saw the end of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Nothing; of what is there already it is not known."""
    op.add_column("journal", sa.Column("spent", sa.Text(), nullable=True))
    op.create_table(
        "reservations",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("worst", sa.Text(), nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reservations"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_reservations_run_id"),
    )
    op.create_index("ix_reservations_run_id", "reservations", ["run_id"])
