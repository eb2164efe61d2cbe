"""Orders that came with another order's payment are found by its reference."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. Only an order that came with another's payment has an entry."""
    sharing = sa.text("shares_payment_of IS NOT NULL")
    op.create_index(
        "orders_sharing", "orders", ["org", "payment_reference", "shares_payment_of"],
        sqlite_where=sharing, postgresql_where=sharing,
    )  # fmt: skip


def downgrade() -> None:
    """Take it back."""
    op.drop_index("orders_sharing", "orders")
