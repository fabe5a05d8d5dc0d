"""Which exchanges a call of a model was paid for with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Nothing; of calls that are there already it is not known."""
    op.add_column("model_calls", sa.Column("key", sa.String(64), nullable=True))
    op.create_index("ix_model_calls_key", "model_calls", ["key"])
    op.drop_index("ix_exchanges_run_id", "exchanges")
    op.create_index("ix_exchanges_run_id_key", "exchanges", ["run_id", "key"])
