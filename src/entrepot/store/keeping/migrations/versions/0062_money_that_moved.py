"""Captures and refunds that are done are found by what their service calls them: one may fail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

_INDEX = "payment_operations_moved"


def upgrade() -> None:
    """Make the change. Each capture and each refund that is done has an entry."""
    moved = sa.text("state = 'done' AND (kind = 'capture' OR kind = 'refund')")
    op.create_index(
        _INDEX, "payment_operations", ["org", "provider_reference", "order_id", "kind", "state"],
        sqlite_where=moved, postgresql_where=moved,
    )  # fmt: skip


def downgrade() -> None:
    """Take it back."""
    op.drop_index(_INDEX, "payment_operations")
