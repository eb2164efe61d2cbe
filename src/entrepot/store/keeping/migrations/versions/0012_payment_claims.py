"""Which live order a payment reference pays; orders that are in the book already claim none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "payment_claims",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(16), nullable=False),
        sa.PrimaryKeyConstraint("org", "provider", "reference"),
        sqlite_with_rowid=False,
    )
    op.add_column("orders", sa.Column("shares_payment_of", sa.LargeBinary(16), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("orders", "shares_payment_of")
    op.drop_table("payment_claims")
