"""Payments that came to nothing are found by what their service calls them, for late money."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_INDEXES = {
    "payment_operations_without_money": "provider_reference",
    "payment_operations_without_money_keys": "key",
}


def upgrade() -> None:
    """Make the change. Only what is declined or given up has an entry."""
    without_money = sa.text("kind = 'authorise' AND (state = 'declined' OR state = 'given_up')")
    for name, column in _INDEXES.items():
        op.create_index(
            name, "payment_operations", ["org", column, "order_id", "kind", "state"],
            sqlite_where=without_money, postgresql_where=without_money,
        )  # fmt: skip


def downgrade() -> None:
    """Take it back."""
    for name in _INDEXES:
        op.drop_index(name, "payment_operations")
