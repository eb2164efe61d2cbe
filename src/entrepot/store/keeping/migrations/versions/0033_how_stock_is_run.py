"""How organizations run their stock: settings, shelves that are low, drafts of purchases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. An organization of before has no settings of its stock, and no low stock."""
    op.create_table(
        "stock_settings",
        sa.Column("org", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("low_stock_threshold", sa.BigInteger(), nullable=False),
        sa.Column("auto_po", sa.Boolean(), nullable=False),
        sa.Column("costing", sa.Text(), nullable=False),
        sa.Column("watched", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.LargeBinary(length=16), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("costing = 'WAC' OR costing = 'FIFO'", name="costing_known"),
        sa.CheckConstraint("low_stock_threshold >= 0", name="threshold_not_negative"),
        sa.PrimaryKeyConstraint("org"),
        sqlite_with_rowid=False,
    )
    for name, columns in (
        ("low_stock", ("free", "since")), ("purchase_drafts", ("quantity", "created_at")),
    ):  # fmt: skip
        checks = [sa.CheckConstraint("quantity > 0", name="draft_positive")]
        op.create_table(
            name,
            sa.Column("org", sa.BigInteger(), nullable=False),
            sa.Column("variant_id", sa.LargeBinary(length=16), nullable=False),
            sa.Column("location_id", sa.LargeBinary(length=16), nullable=False),
            sa.Column("id", sa.LargeBinary(length=16), nullable=False),
            *[sa.Column(column, sa.BigInteger(), nullable=False) for column in columns],
            sa.PrimaryKeyConstraint("org", "variant_id", "location_id"),
            *(checks if name == "purchase_drafts" else ()),
            sqlite_with_rowid=False,
        )


def downgrade() -> None:
    """Take it back. The allocation of each organization stays as it is."""
    for name in ("purchase_drafts", "low_stock", "stock_settings"):
        op.drop_table(name)
