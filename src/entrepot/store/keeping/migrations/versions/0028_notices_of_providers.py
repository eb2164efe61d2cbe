"""Notifications of payment services are kept, each under every reference that it names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "provider_notices",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("org", "service", "reference", "event"),
        sqlite_with_rowid=False,
    )
    op.create_index("provider_notices_age", "provider_notices", ["org", "received_at"])


def downgrade() -> None:
    """Take it back. A step that waits asks its provider now and then anyway."""
    op.drop_table("provider_notices")
