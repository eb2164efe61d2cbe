"""A member has a version, which counts the member's events: who lost a key is invited again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. A member who joined has two events."""
    version = sa.Column("version", sa.BigInteger, nullable=False, server_default="1")
    op.add_column("members", version)
    op.execute("UPDATE members SET version = 2 WHERE joined_at IS NOT NULL")


def downgrade() -> None:
    """Take it back."""
    op.drop_column("members", "version")
