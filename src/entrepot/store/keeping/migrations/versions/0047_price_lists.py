"""Price lists: prices of entries, percentages, and who has a list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_BIG, _SMALL, _TEXT = sa.BigInteger(), sa.SmallInteger(), sa.Text()
_ADDED = (
    ("item_lists", "adjustment", _BIG), ("item_lists", "properties", _TEXT),
    ("item_lists", "created_at", _BIG), ("item_lists", "updated_at", _BIG),
    ("item_lists", "version", _BIG), ("item_list_entries", "price_units", _BIG),
    ("item_list_entries", "price_scale", _SMALL), ("item_list_entries", "currency", _TEXT),
    ("item_list_entries", "places", _SMALL),
)  # fmt: skip


def upgrade() -> None:
    """Make the change. The default lists stay as they are."""
    for table, name, type_ in _ADDED:
        op.add_column(table, sa.Column(name, type_))
    listed = sa.text("list_id IS NOT NULL")
    op.create_index(
        "partnerships_listed", "partnerships", ["org"], sqlite_where=listed, postgresql_where=listed
    )


def downgrade() -> None:
    """Take it back. Price lists lose their prices, and nobody has one."""
    op.execute("UPDATE partnerships SET list_id = NULL")
    op.drop_index("partnerships_listed", "partnerships")
    for table, name, _ in reversed(_ADDED):
        op.drop_column(table, name)
