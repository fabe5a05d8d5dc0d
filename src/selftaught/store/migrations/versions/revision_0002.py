"""How often a violation was tried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Nothing; what is there already was tried once, as far as anyone knows."""
    op.add_column("violations", sa.Column("count", sa.Integer(), nullable=False, server_default="1"))
