"""Numbered orders, and tallies over ranges of numbers, properties and times."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The sizes of the spans when this was written; store.spans has today's.
_SIZES = (128, 8_192, 524_288)
# And the sizes of the slots, in microseconds; store.tallies has today's.
_SLOTS = (60_000_000, 3_600_000_000, 216_000_000_000)
_TIMES = ("created_min", "created_max", "updated_min", "updated_max")

# Ids rise with the time of their making: the numbers follow them, as the lists did.
_NUMBER_ORDERS = """
    UPDATE orders SET number = ranked.place
    FROM (SELECT org, id, row_number() OVER (PARTITION BY org ORDER BY id) AS place FROM orders)
        AS ranked
    WHERE orders.org = ranked.org AND orders.id = ranked.id
"""
_NUMBER_PROPERTIES = """
    UPDATE order_properties SET number = orders.number FROM orders
    WHERE orders.org = order_properties.org AND orders.id = order_properties.order_id
"""
_COUNT_ORDERS = """
    INSERT INTO order_counters (org, orders) SELECT org, count(*) FROM orders GROUP BY org
"""
_COUNT_SPANS = """
    INSERT INTO order_spans (org, level, span, phase, status, orders,
                             created_min, created_max, updated_min, updated_max)
    SELECT org, {level}, (number - 1) / {size}, polinate_phase, polinate_status, count(*),
           min(created_at), max(created_at), min(updated_at), max(updated_at)
    FROM orders GROUP BY org, (number - 1) / {size}, polinate_phase, polinate_status
"""
_COUNT_UPDATES = """
    INSERT INTO order_update_tallies (org, level, slot, orders)
    SELECT org, {level}, updated_at / {size}, count(*) FROM orders GROUP BY org, updated_at / {size}
"""
_COUNT_VALUES = """
    INSERT INTO order_property_tallies (org, path, value, orders)
    SELECT org, path, value, count(*) FROM order_properties GROUP BY org, path, value
"""
_COUNT_PATHS = """
    INSERT INTO order_property_tallies (org, path, value, orders)
    SELECT org, path, '', count(DISTINCT number) FROM order_properties GROUP BY org, path
"""


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "order_counters",
        sa.Column("org", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_spans",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("span", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in _TIMES],
        sa.PrimaryKeyConstraint("org", "level", "span", "phase", "status"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_property_tallies",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "path", "value"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_update_tallies",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "level", "slot"),
        sqlite_with_rowid=False,
    )
    _number()
    op.execute(_COUNT_ORDERS)
    for level, size in enumerate(_SIZES):
        op.execute(_COUNT_SPANS.format(level=level, size=size))
    for level, size in enumerate(_SLOTS):
        op.execute(_COUNT_UPDATES.format(level=level, size=size))
    op.execute(_COUNT_VALUES)
    op.execute(_COUNT_PATHS)


def _number() -> None:
    for table, statement in (("orders", _NUMBER_ORDERS), ("order_properties", _NUMBER_PROPERTIES)):
        # A new column that may not be empty needs a default; SQLite cannot take it away again.
        op.add_column(
            table, sa.Column("number", sa.BigInteger(), nullable=False, server_default="0")
        )
        op.execute(statement)
        if op.get_bind().dialect.name != "sqlite":
            op.alter_column(table, "number", server_default=None)
    op.create_index("orders_number", "orders", ["org", "number"], unique=True)
    op.drop_index("order_properties_value", "order_properties")
    op.create_index(
        "order_properties_value", "order_properties", ["org", "path", "value", "number"]
    )
    op.create_index("order_properties_path", "order_properties", ["org", "path", "number"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("order_properties_path", "order_properties")
    op.drop_index("order_properties_value", "order_properties")
    op.create_index(
        "order_properties_value", "order_properties", ["org", "path", "value", "order_id"]
    )
    op.drop_index("orders_number", "orders")
    for table in ("order_properties", "orders"):
        op.drop_column(table, "number")
    op.drop_table("order_update_tallies")
    op.drop_table("order_property_tallies")
    op.drop_table("order_spans")
    op.drop_table("order_counters")
