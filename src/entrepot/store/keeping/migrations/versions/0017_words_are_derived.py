"""Words are derived: of a dialect's words an order keeps what was told, and spans go by facets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# The bits of `told`, one an axis, and the axes in the order in which told words are spelled.
_BITS = {
    "konvo": 8, "konvo_shipment": 16, "polinate_phase": 2, "polinate_status": 4, "synq": 1,
}  # fmt: skip
_WORDS = ("synq", "polinate_phase", "polinate_status", "konvo", "konvo_shipment")
_SAID = " || ".join(
    f"CASE WHEN told & {bit} <> 0 THEN ' {axis}=' || {axis} ELSE '' END"
    for axis, bit in _BITS.items()
)
# Of nearly all orders nothing was told: only the others are written.
_KEEP = f"UPDATE orders SET told_words = trim({_SAID}) WHERE told <> 0"
# The sizes of the spans when this was written; store.writing.spans has today's.
_SIZES = (128, 8_192, 524_288)
_TIMES = ("created_min", "created_max", "updated_min", "updated_max")
_COUNT = """
    INSERT INTO order_spans (org, level, span, stage, goods, orders,
                             created_min, created_max, updated_min, updated_max)
    SELECT org, {level}, (number - 1) / {size}, stage, fulfilment || '/' || returns, count(*),
           min(created_at), max(created_at), min(updated_at), max(updated_at)
    FROM orders
    GROUP BY org, (number - 1) / {size}, stage, fulfilment || '/' || returns
"""
_COUNT_WORDS = _COUNT.replace("stage, goods", "phase, status").replace(
    "stage, fulfilment || '/' || returns", "polinate_phase, polinate_status"
)

_MOVING = "'in_transit', 'out_for_delivery', 'attempted', 'ready_for_pickup'"
# What an order shows on each axis of which nothing was told, as the version before derived it.
_SHOWN = {
    "synq": f"""
        WHEN stage = 'cancelled' THEN 'cancelled'
        WHEN stage IN ('failed', 'rejected') THEN 'failed'
        WHEN payment IN ('refunded', 'partially_refunded') THEN payment
        WHEN returns = 'returned' THEN 'returned'
        WHEN returns = 'partial' THEN 'partially_returned'
        WHEN returns = 'requested' THEN 'return_requested'
        WHEN stage IN ('completed', 'archived') THEN 'completed'
        WHEN fulfilment = 'delivered' THEN 'delivered'
        WHEN fulfilment IN ({_MOVING}, 'lost') THEN 'fulfilled'
        WHEN fulfilment = 'partially_shipped' THEN 'partially_fulfilled'
        WHEN stage = 'confirmed' AND fulfilment IN ('accepted', 'unassigned') THEN 'confirmed'
        WHEN stage = 'confirmed' THEN 'processing'
        WHEN stage = 'deleted' THEN 'cancelled'
        WHEN payment IN ('authorized', 'paid', 'disputed') THEN 'payment_authorized'
        ELSE 'pending_payment'""",
    "polinate_phase": """
        WHEN stage = 'draft' THEN 'DRAFT'
        WHEN stage = 'placed' THEN 'PENDING'
        WHEN stage = 'confirmed' THEN 'ACTIVE'
        WHEN stage IN ('completed', 'archived') THEN 'ARCHIVED'
        WHEN stage IN ('rejected', 'failed') THEN 'REJECTED'
        WHEN stage = 'cancelled' THEN 'CANCELLED'
        ELSE 'DELETED'""",
    "polinate_status": f"""
        WHEN returns = 'returned' THEN 'RETURNED'
        WHEN fulfilment IN ({_MOVING}, 'partially_shipped', 'lost') THEN 'IN_TRANSIT'
        ELSE upper(fulfilment)""",
    "konvo": f"""
        WHEN stage IN ('cancelled', 'rejected', 'failed') THEN 'cancelled'
        WHEN payment IN ('refunded', 'partially_refunded', 'disputed') THEN payment
        WHEN stage IN ('completed', 'archived') THEN 'completed'
        WHEN fulfilment = 'delivered' THEN 'fulfilled'
        WHEN fulfilment IN ({_MOVING}, 'lost') THEN 'shipped'
        WHEN stage = 'deleted' THEN 'cancelled'
        WHEN payment = 'paid' THEN 'paid'
        ELSE 'open'""",
    "konvo_shipment": """
        WHEN fulfilment IN ('accepted', 'packed') THEN 'confirmed'
        WHEN fulfilment IN ('in_transit', 'partially_shipped') THEN 'in_transit'
        WHEN fulfilment IN ('out_for_delivery', 'ready_for_pickup', 'delivered') THEN fulfilment
        WHEN fulfilment = 'attempted' THEN 'attempted_delivery'
        WHEN fulfilment = 'lost' THEN 'failure'
        ELSE 'none'""",
}


def _spans(one: str, other: str) -> None:
    op.create_table(
        "order_spans",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("span", sa.BigInteger(), nullable=False),
        sa.Column(one, sa.Text(), nullable=False),
        sa.Column(other, sa.Text(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in _TIMES],
        sa.PrimaryKeyConstraint("org", "level", "span", one, other),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    """Make the change. What an order showed it still shows: the rest follows from its facets."""
    op.add_column("orders", sa.Column("told_words", sa.Text(), nullable=False, server_default=""))
    op.execute(_KEEP)
    for name in (*_WORDS, "told"):
        op.drop_column("orders", name)
    op.drop_table("order_spans")
    _spans("stage", "goods")
    for level, size in enumerate(_SIZES):
        op.execute(_COUNT.format(level=level, size=size))


def downgrade() -> None:
    """Take it back. Every order has the words again that it shows, and which of them were told."""
    for name in _WORDS:
        op.add_column("orders", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "orders", sa.Column("told", sa.SmallInteger(), nullable=False, server_default="0")
    )
    shown = [f"{axis} = CASE {cases} END" for axis, cases in _SHOWN.items()]
    op.execute(f"UPDATE orders SET {', '.join(shown)}")
    conn = op.get_bind()
    told = conn.execute(sa.text("SELECT org, id, told_words FROM orders WHERE told_words <> ''"))
    for org, order_id, words in told.all():
        said = dict(pair.split("=", 1) for pair in words.split())
        sets = ", ".join(f"{axis} = :{axis}" for axis in said)
        bits = sum(_BITS[axis] for axis in said)
        conn.execute(
            sa.text(f"UPDATE orders SET {sets}, told = {bits} WHERE org = :org AND id = :id"),
            {**said, "org": org, "id": order_id},
        )
    op.drop_column("orders", "told_words")
    op.drop_table("order_spans")
    _spans("phase", "status")
    for level, size in enumerate(_SIZES):
        op.execute(_COUNT_WORDS.format(level=level, size=size))
