"""Entries of price lists can be removed, and due webhooks are found by indexes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0052"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'active' AND (next_at > 0 OR leased_until > 0)")
_AGAIN = sa.text("state = 'active' AND again <> ''")
_INDEXES = (
    ("webhooks_due", "webhooks", ("next_at",), _WAITING),
    ("webhooks_again", "webhooks", ("org", "id"), _AGAIN),
    ("order_counters_committed", "order_counters", ("committed_at",), None),
)


def upgrade() -> None:
    """Make the change. No entry was removed yet."""
    op.add_column("item_list_entries", sa.Column("removed_at", sa.BigInteger()))
    for name, table, columns, where in _INDEXES:
        op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Take it back: entries that were removed are on their lists again."""
    for name, table, _, _ in _INDEXES:
        op.drop_index(name, table)
    op.drop_column("item_list_entries", "removed_at")
