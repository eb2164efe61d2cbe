"""Partnerships with customers, and the buyers among them with their contacts and locations."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint, Text, text

from entrepot.core import buyers as made
from entrepot.core import partnerships as tied
from entrepot.store.schema.catalogue import customers, item_lists
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import (
    ID,
    belongs_to,
    json_text,
    need,
    one_of,
    partial_index,
    table,
)

_CLOSED = text("status <> 'active'")
_LISTED = text("list_id IS NOT NULL")

partnerships = table(
    "partnerships",
    # Customers who came with orders have no row until something is said of their partnership.
    need("org", BigInteger),
    belongs_to("id", customers),
    need("status", Text),
    Column("list_id", ID, info={"belongs_to": item_lists}),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    need("version", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    one_of("status", tied.STATUSES),
    # Whether an organization has one that accepts no orders is looked up with its keys.
    partial_index("partnerships_closed", "org", where=_CLOSED),
    # Whether an organization has one with a price list, likewise.
    partial_index("partnerships_listed", "org", where=_LISTED),
)

buyers = table(
    "buyers",
    need("org", BigInteger),
    belongs_to("id", partnerships),
    need("name", Text),
    Column("legal_name", Text),
    json_text("properties", needed=True),
    need("info", Text),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
)

buyer_contacts = table(
    "buyer_contacts",
    need("org", BigInteger),
    belongs_to("customer_id", buyers),
    need("id", ID),
    need("kind", Text),
    need("value", Text),
    need("compared", Text),
    Column("contact_name", Text),
    need("is_primary", Boolean),
    need("sequence", BigInteger),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "customer_id", "id"),
    one_of("kind", made.CONTACT_KINDS),
)

buyer_locations = table(
    "buyer_locations",
    need("org", BigInteger),
    belongs_to("customer_id", buyers),
    need("id", ID),
    *[Column(name, Text) for name in ("label", "type")],
    need("status", Text),
    *[Column(name, Text) for name in ("line1", "line2", "city", "state", "postcode", "country")],
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "customer_id", "id"),
)

PARTNERSHIPS = Kept(tied.PARTNERSHIPS, partnerships, fixed=("created_at",))
BUYERS = Kept(made.BUYERS, buyers, fixed=("created_at",))
BUYER_CONTACTS = Kept(made.BUYER_CONTACTS, buyer_contacts, fixed=("kind", "created_at"))
BUYER_LOCATIONS = Kept(made.BUYER_LOCATIONS, buyer_locations, fixed=("created_at",))
