"""Who ordered, as the order was told; names by the kind of their sender; balanced totals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TEXTS = ("first_name", "last_name", "email", "phone")
_NAMES = ("customer_names", "customer_id"), ("variant_names", "variant_id")
_SENDERS = ("konvo", "polinate")

# Of customers and variants, who has told of them: their names were in one list before.
_TOLD_OF = {
    "customer_names": """
        SELECT org, customer_id FROM orders WHERE origin = '{sender}' AND NOT managed
    """,
    "variant_names": """
        SELECT l.org, l.variant_id FROM order_lines AS l
        JOIN orders AS o ON o.org = l.org AND o.id = l.order_id
        WHERE o.origin = '{sender}' AND NOT o.managed
    """,
}
# A name that nobody's orders explain any more is Konvo's, whose senders tell most of them.
_NAMED_BY = {
    "polinate": "(org, {id}) IN ({polinate})",
    "konvo": "((org, {id}) IN ({konvo}) OR (org, {id}) NOT IN ({polinate}))",
}
# What an order costs less than its lines is a discount; what it costs more is for its delivery.
_BALANCE = """
    UPDATE orders SET {column} = {difference}
    WHERE {difference} > 0 AND discount = 0 AND shipping = 0 AND tax = 0
"""


def upgrade() -> None:
    """Make the change."""
    for name in _TEXTS:
        op.add_column("orders", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("made_at", sa.BigInteger(), nullable=True))
    op.add_column("customers", sa.Column("senders", sa.Text(), nullable=True))
    op.drop_index("orders_sender", "orders")
    _index("orders_told_by", "sender_id IS NOT NULL", "sender_id", "origin", unique=True)
    _index("orders_name", "length(external_name) <= 500", "external_name")
    for table, column in _NAMES:
        told_of = {sender: _TOLD_OF[table].format(sender=sender) for sender in _SENDERS}
        for sender in _SENDERS:
            theirs = _NAMED_BY[sender].format(id=column, **told_of)
            op.execute(
                f"INSERT INTO {table} (org, kind, value, {column}) "
                f"SELECT org, '{sender}', value, {column} FROM {table} "
                f"WHERE kind = 'external' AND {theirs}"
            )
    for column, difference in (("discount", "subtotal - total"), ("shipping", "total - subtotal")):
        op.execute(_BALANCE.format(column=column, difference=difference))


def downgrade() -> None:
    """Take it back. Two senders' orders of one name do not fit into what was before."""
    for table, _ in _NAMES:
        op.execute(f"DELETE FROM {table} WHERE kind IN ('konvo', 'polinate')")
    for name in ("orders_name", "orders_told_by"):
        op.drop_index(name, "orders")
    _index("orders_sender", "sender_id IS NOT NULL", "sender_id", unique=True)
    op.drop_column("customers", "senders")
    op.drop_column("orders", "made_at")
    for name in reversed(_TEXTS):
        op.drop_column("orders", name)


def _index(name: str, where: str, *columns: str, unique: bool = False) -> None:
    said = sa.text(where)
    op.create_index(
        name, "orders", ["org", *columns], unique=unique, sqlite_where=said, postgresql_where=said
    )
