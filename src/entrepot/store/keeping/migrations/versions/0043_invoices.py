"""Invoices of orders. No organization has any before it chooses when they are made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_ID = sa.LargeBinary(16)
_STATUSES = (
    "DELETED", "DRAFT", "AUTHORISED", "PARTIALLY_PAID", "PAID", "OVERPAID", "OVERDUE", "VOIDED",
    "DEFAULTED", "CREDITED", "REFUNDED",
)  # fmt: skip


def _need(name: str, type_: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=False)  # type: ignore[arg-type]


def upgrade() -> None:
    """Make the change."""
    known = " OR ".join([f"status = '{word}'" for word in _STATUSES])
    op.create_table(
        "invoices",
        _need("org", sa.BigInteger()),
        _need("id", _ID),
        _need("number", sa.BigInteger()),
        _need("order_id", _ID),
        _need("customer_id", _ID),
        _need("status", sa.Text()),
        *[sa.Column(name, sa.Text()) for name in ("reference", "notes", "properties")],
        _need("currency", sa.Text()),
        _need("scale", sa.SmallInteger()),
        *[
            _need(name, sa.BigInteger())
            for name in ("subtotal", "discount", "shipping", "tax", "total")
        ],
        _need("total_scale", sa.SmallInteger()),
        _need("lines", sa.Text()),
        *[_need(name, sa.BigInteger()) for name in ("created_at", "updated_at", "version")],
        sa.PrimaryKeyConstraint("org", "id"),
        sa.CheckConstraint(known, name="status_known"),
        sqlite_with_rowid=False,
    )
    op.create_index("invoices_number", "invoices", ["org", "number"], unique=True)
    op.create_index("invoices_order", "invoices", ["org", "order_id"], unique=True)
    op.create_index("invoices_created", "invoices", ["org", "created_at", "number"])
    op.create_table(
        "invoice_properties",
        _need("org", sa.BigInteger()),
        _need("invoice_id", _ID),
        _need("key", _ID),
        sa.PrimaryKeyConstraint("org", "invoice_id", "key"),
        sqlite_with_rowid=False,
    )
    counted = sa.Column("invoices", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("order_counters", counted)
    op.add_column("organization_settings", sa.Column("invoices", sa.Text()))


def downgrade() -> None:
    """Take it back. The invoices are lost."""
    op.execute("DELETE FROM list_tallies WHERE list IN ('invoices', 'invoice_properties')")
    op.drop_column("organization_settings", "invoices")
    op.drop_column("order_counters", "invoices")
    op.drop_table("invoice_properties")
    op.drop_table("invoices")
