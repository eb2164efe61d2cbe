"""The words that an order's sender told last; and words that the tables now say otherwise."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# The bits of `told` when this was written.
_SYNQ, _KONVO = 1, 8
_OUT = "('in_transit', 'out_for_delivery', 'attempted', 'ready_for_pickup', 'lost')"
_LIVE = "('confirmed', 'placed', 'draft')"
_PAID = "('refunded', 'partially_refunded', 'disputed')"
# What was shown and is no longer true, or no longer preferred, with what is shown in its place.
_SAID_OTHERWISE = (
    # What needs no shipping was not handed over.
    f"""
    UPDATE orders SET
        konvo = CASE WHEN payment IN {_PAID} THEN payment
                     WHEN payment = 'paid' THEN 'paid' ELSE 'open' END,
        told = told - (told & {_KONVO})
    WHERE konvo = 'fulfilled' AND fulfilment = 'not_applicable' AND stage IN {_LIVE}
    """,
    # A parcel that was lost had been handed over.
    f"""
    UPDATE orders SET konvo = 'shipped'
    WHERE konvo IN ('open', 'paid') AND fulfilment = 'lost' AND stage IN {_LIVE}
        AND (told & {_KONVO}) = 0
    """,
    # Goods on the road wait for no payment.
    f"""
    UPDATE orders SET
        synq = CASE WHEN fulfilment = 'delivered' THEN 'delivered'
                    WHEN fulfilment = 'partially_shipped' THEN 'partially_fulfilled'
                    ELSE 'fulfilled' END,
        told = told - (told & {_SYNQ})
    WHERE synq IN ('pending_payment', 'payment_authorized') AND returns = 'none'
        AND (fulfilment IN {_OUT} OR fulfilment IN ('delivered', 'partially_shipped'))
    """,
    # A sale that was made and is deleted was not called off.
    f"""
    UPDATE orders SET
        synq = CASE WHEN payment IN ('refunded', 'partially_refunded') THEN payment
                    WHEN returns = 'returned' THEN 'returned'
                    WHEN returns = 'partial' THEN 'partially_returned'
                    WHEN returns = 'requested' THEN 'return_requested'
                    WHEN fulfilment = 'delivered' THEN 'delivered'
                    WHEN fulfilment = 'partially_shipped' THEN 'partially_fulfilled'
                    WHEN fulfilment IN {_OUT} THEN 'fulfilled' ELSE 'cancelled' END
    WHERE stage = 'deleted' AND synq = 'cancelled' AND (told & {_SYNQ}) = 0
    """,
    f"""
    UPDATE orders SET
        konvo = CASE WHEN payment IN {_PAID} THEN payment
                     WHEN fulfilment = 'delivered' THEN 'fulfilled'
                     WHEN fulfilment IN {_OUT} THEN 'shipped' ELSE 'cancelled' END
    WHERE stage = 'deleted' AND konvo = 'cancelled' AND (told & {_KONVO}) = 0
    """,
)


def upgrade() -> None:
    """Make the change."""
    op.add_column("orders", sa.Column("sender_words", sa.Text(), nullable=True))
    for statement in _SAID_OTHERWISE:
        op.execute(statement)


def downgrade() -> None:
    """Take the column back; the words are told again by whoever tells them."""
    op.drop_column("orders", "sender_words")
