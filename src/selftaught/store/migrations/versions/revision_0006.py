"""What an exchange asked for, and what came to nothing: who goes on asks for the rest as if undisturbed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nothing; of what is there already it is not known."""
    op.add_column("exchanges", sa.Column("asked", sa.Text(), nullable=True))
    op.create_index("ix_exchanges_key", "exchanges", ["key"])
