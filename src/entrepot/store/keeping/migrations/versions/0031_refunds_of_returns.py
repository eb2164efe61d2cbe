"""A return says what was asked back for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. For returns of before nothing was asked back."""
    op.add_column("returns", sa.Column("refunded_units", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take it back. The refunds stay with their payments."""
    op.drop_column("returns", "refunded_units")
