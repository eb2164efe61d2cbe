"""A shipment has an id and a state: sent, delivered or lost.

Shipments of before are where their order is: they arrived with it, or got lost with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_KEPT = "org, order_id, number, carrier, tracking_number, tracking_url, shipped_at"
# A random UUID, as bytes.
_ID = {
    "postgresql": "uuid_send(gen_random_uuid())",
    "sqlite": (
        "unhex(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || '8' "
        "|| substr(hex(randomblob(8)), 2))"
    ),
}
_FULFILMENT = "(SELECT o.fulfilment FROM orders o WHERE o.org = s.org AND o.id = s.order_id)"
_STATE = (
    f"CASE {_FULFILMENT} WHEN 'delivered' THEN 'delivered' WHEN 'lost' THEN 'lost' ELSE 'sent' END"
)
_ARRIVED = (
    f"CASE {_FULFILMENT} WHEN 'delivered' THEN coalesce((SELECT o.delivered_at FROM orders o "
    "WHERE o.org = s.org AND o.id = s.order_id), s.shipped_at) END"
)


def upgrade() -> None:
    """Make the change."""
    op.rename_table("shipments", "shipments_of_before")
    op.create_table(
        "shipments",
        *_columns(),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        _key(),
        sa.CheckConstraint(
            "state = 'sent' OR state = 'delivered' OR state = 'lost'", name="state_known"
        ),
        sa.CheckConstraint(
            "(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_at_a_time"
        ),
        sqlite_with_rowid=False,
    )
    made = f"{_ID[op.get_bind().dialect.name]}, {_STATE}, {_ARRIVED}"
    op.execute(
        sa.text(
            f"INSERT INTO shipments ({_KEPT}, id, state, delivered_at) "
            f"SELECT {_KEPT}, {made} FROM shipments_of_before s"
        )
    )
    op.drop_table("shipments_of_before")
    op.create_index("shipments_id", "shipments", ["org", "id"], unique=True)


def downgrade() -> None:
    """Take it back. The version before knows where an order is, and not where its parts are."""
    op.drop_index("shipments_id", "shipments")
    op.rename_table("shipments", "shipments_of_after")
    op.create_table("shipments", *_columns(), _key(), sqlite_with_rowid=False)
    op.execute(f"INSERT INTO shipments ({_KEPT}) SELECT {_KEPT} FROM shipments_of_after")
    op.drop_table("shipments_of_after")


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("tracking_number", sa.Text(), nullable=True),
        sa.Column("tracking_url", sa.Text(), nullable=True),
        sa.Column("shipped_at", sa.BigInteger(), nullable=False),
    ]


def _key() -> sa.PrimaryKeyConstraint:
    # PostgreSQL gives a key the name that it would have chosen; that of the old table is taken.
    return sa.PrimaryKeyConstraint("org", "order_id", "number")
