"""Connections to shops, and the orders that they told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. An organization of before has no connection."""
    op.create_table(
        "connections",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "category = 'commerce' OR category = 'accounting'", name="category_known"
        ),
        sa.CheckConstraint("status = 'ACTIVE' OR status = 'PAUSED'", name="status_known"),
        sa.PrimaryKeyConstraint("org", "name"),
        sqlite_with_rowid=False,
    )
    op.create_index("connections_id", "connections", ["org", "id"], unique=True)
    op.create_index("connections_name", "connections", ["name"], unique=True)
    op.create_table(
        "told_orders",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(order_id IS NULL) = (fault IS NOT NULL)", name="placed_or_faulty"),
        sa.PrimaryKeyConstraint("org", "connection_id", "external_id"),
        sqlite_with_rowid=False,
    )
    rejected = sa.text("order_id IS NULL")
    op.create_index(
        "told_orders_rejected", "told_orders", ["org", "updated_at"],
        sqlite_where=rejected, postgresql_where=rejected,
    )  # fmt: skip


def downgrade() -> None:
    """Take it back. The version before knows no connections."""
    op.drop_table("told_orders")
    op.drop_table("connections")
