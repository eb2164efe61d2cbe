"""Contacts, their orders and the terms by which they are searched, and tallies of lists by time.

A walk over the log of events fills these tables, after the orders (docs/adr/0051).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
)

from entrepot.core.contacts import Contact
from entrepot.store.schema.catalogue import customers
from entrepot.store.schema.conversion import Conversion
from entrepot.store.schema.orders import orders
from entrepot.store.schema.table import ID, belongs_to, need, table

contacts = table(
    "contacts",
    need("org", BigInteger),
    belongs_to("id", customers),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    need("interacted_at", BigInteger),
    need("orders", BigInteger),
    need("source", Text),
    need("terms", Text),
    PrimaryKeyConstraint("org", "id"),
    Index("contacts_created", "org", "created_at", "id"),
    Index("contacts_updated", "org", "updated_at", "id"),
)

CONTACTS = Conversion(Contact, contacts)

contact_orders = table(
    "contact_orders",
    need("org", BigInteger),
    belongs_to("order_id", orders),
    belongs_to("customer_id", contacts),
    need("window_days", BigInteger),  # touches so many days before the order count
    PrimaryKeyConstraint("org", "order_id"),
    Index("contact_orders_of", "org", "customer_id", "order_id"),
)

contact_terms = table(
    "contact_terms",
    need("org", BigInteger),
    need("term", LargeBinary),  # UTF-8: bytes have one order on both engines
    belongs_to("customer_id", contacts),
    PrimaryKeyConstraint("org", "term", "customer_id"),
)

list_tallies = table(
    "list_tallies",
    # How many rows of a list have a time in a slot; all of them, or those with a word and a key.
    need("org", BigInteger),
    need("list", Text),
    need("word", Text),
    need("key", ID),
    need("level", SmallInteger),
    need("slot", BigInteger),
    need("counted", BigInteger),
    PrimaryKeyConstraint("org", "list", "word", "key", "level", "slot"),
    Index("list_tallies_of_key", "org", "list", "key", "level"),
)
