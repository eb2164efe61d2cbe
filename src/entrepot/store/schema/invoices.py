"""Invoices of orders, and what their lists are searched by."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Text

from entrepot.core import invoices as made
from entrepot.store.schema.catalogue import customers
from entrepot.store.schema.conversion import AtOneScale
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.orders import orders
from entrepot.store.schema.table import ID, belongs_to, json_text, need, one_of, places, table

_AMOUNTS = ("subtotal", "discount", "shipping", "tax", "total")

invoices = table(
    "invoices",
    need("org", BigInteger),
    need("id", ID),
    need("number", BigInteger),  # 1, 2, 3 ... in the organization, in the order of the commits
    belongs_to("order_id", orders),
    belongs_to("customer_id", customers),
    need("status", Text),
    Column("reference", Text),
    Column("notes", Text),
    json_text("properties"),
    need("currency", Text),
    places("scale"),
    *[need(name, BigInteger) for name in _AMOUNTS],
    places("total_scale"),
    json_text("lines", needed=True, nothing="[]"),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    need("version", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    one_of("status", made.STATUSES),
    Index("invoices_number", "org", "number", unique=True),
    # An order has one invoice.
    Index("invoices_order", "org", "order_id", unique=True),
    Index("invoices_created", "org", "created_at", "number"),
)

invoice_properties = table(
    "invoice_properties",
    # A row for each path of an invoice's properties, and for each value at a path, by a digest.
    need("org", BigInteger),
    belongs_to("invoice_id", invoices),
    need("key", ID),
    PrimaryKeyConstraint("org", "invoice_id", "key"),
)

INVOICES = Kept(
    made.INVOICES, invoices,
    {
        **{name: AtOneScale(name, _AMOUNTS) for name in _AMOUNTS[:-1]},
        "total": AtOneScale("total", _AMOUNTS, own="total_scale"),
    },
    changing=("status", "reference", "notes", "properties", "updated_at", "version"),
)  # fmt: skip
