"""Orders that were announced and are not known yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "announced_orders",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("announced_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "text"),
        sqlite_with_rowid=False,
    )
    # What is being fetched was announced.
    op.execute(
        "INSERT INTO announced_orders (org, text, source, announced_at) "
        "SELECT org, payload, 'polinate', created_at FROM jobs "
        "WHERE kind = 'fetch' AND payload IS NOT NULL"
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("announced_orders")
