"""What left the book: ranges of archived events, and how far each sweep is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "order_archives",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("first_seq > 0 AND last_seq >= first_seq", name="range_counts"),
        sa.PrimaryKeyConstraint("org", "order_id", "first_seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sweeps",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("horizon", sa.BigInteger(), nullable=False),
        sa.Column("reached_at", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('keys', 'events')", name="kind_known"),
        sa.PrimaryKeyConstraint("org", "kind"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("sweeps")
    op.drop_table("order_archives")
