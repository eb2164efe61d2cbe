"""The time of an organization's last commit, which every later one goes beyond."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LATEST = """
    UPDATE order_counters SET committed_at = coalesce(
        (SELECT max(o.updated_at) FROM orders AS o WHERE o.org = order_counters.org), 0)
"""


def upgrade() -> None:
    """Make the change. A process of the version before goes on counting, and leaves the time."""
    op.add_column(
        "order_counters",
        sa.Column("committed_at", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.execute(_LATEST)


def downgrade() -> None:
    """Take it back."""
    op.drop_column("order_counters", "committed_at")
