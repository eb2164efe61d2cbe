"""Returns: which goods came back, and to which shelf."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "returns",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("returned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "order_id", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "return_lines",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("restocked", sa.Boolean(), nullable=False),
        sa.Column("location_id", sa.LargeBinary(length=16), nullable=True),
        sa.PrimaryKeyConstraint("org", "order_id", "number", "line_id"),
        sa.CheckConstraint("quantity > 0", name="return_positive"),
        sa.CheckConstraint("restocked OR location_id IS NULL", name="scrapped_nowhere"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("return_lines")
    op.drop_table("returns")
