"""Goods, customers and locations, and the names that senders give them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)

from entrepot.core import kinds, price_lists
from entrepot.store.schema.conversion import MaybeMoney, money
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, json_text, need, places, table

locations = table(
    "locations",
    need("org", BigInteger),
    need("id", ID),
    need("name", Text),
    PrimaryKeyConstraint("org", "id"),
)

customers = table(
    "customers",
    need("org", BigInteger),
    need("id", ID),
    need("name", Text),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("email", Text),
    Column("phone", Text),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    Column("senders", Text),
    json_text("own_ids"),
    PrimaryKeyConstraint("org", "id"),
)

customer_names = table(
    "customer_names",
    need("org", BigInteger),
    need("kind", Text),
    need("value", Text),
    need("customer_id", ID),
    PrimaryKeyConstraint("org", "kind", "value"),
)

# A product that is there: every variant and every line names a product. `products` has what the
# catalogue was told of it.
items = table(
    "items",
    need("org", BigInteger),
    need("id", ID),
    need("name", Text),
    need("created_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
)

variants = table(
    "variants",
    need("org", BigInteger),
    need("id", ID),
    need("item_id", ID),
    need("entry_id", ID),
    Column("sku", Text),
    need("name", Text),
    need("currency", Text),
    need("price_units", BigInteger),
    places("price_scale"),
    need("tracked", Boolean),
    need("created_at", BigInteger),
    Column("deleted_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    Index("variants_of_product", "org", "item_id"),
)

variant_names = table(
    "variant_names",
    need("org", BigInteger),
    need("kind", Text),
    need("value", Text),
    need("variant_id", ID),
    PrimaryKeyConstraint("org", "kind", "value"),
)

item_lists = table(
    "item_lists",
    need("org", BigInteger),
    need("id", ID),
    need("name", Text),
    # NULL of the default list, on which each variant has its own price.
    Column("adjustment", BigInteger),
    json_text("properties"),
    Column("created_at", BigInteger),
    Column("updated_at", BigInteger),
    Column("version", BigInteger),
    PrimaryKeyConstraint("org", "id"),
)

item_list_entries = table(
    "item_list_entries",
    need("org", BigInteger),
    need("id", ID),
    need("list_id", ID),
    need("variant_id", ID),
    # NULL of the default list, as above.
    Column("price_units", BigInteger),
    places("price_scale", needed=False),
    Column("currency", Text),
    places("places", needed=False),
    # The entry stays for the lines that were placed with it.
    Column("removed_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "list_id", "variant_id", name="item_list_entries_once"),
)

LOCATIONS = Kept(kinds.LOCATIONS, locations)
CUSTOMERS = Kept(kinds.CUSTOMERS, customers)
CUSTOMER_NAMES = Kept(kinds.CUSTOMER_NAMES, customer_names)
VARIANTS = Kept(kinds.VARIANTS, variants, {"price": money("price_units", "price_scale")})
VARIANT_NAMES = Kept(kinds.VARIANT_NAMES, variant_names)
PRICE_LISTS = Kept(price_lists.PRICE_LISTS, item_lists)
LIST_ENTRIES = Kept(
    price_lists.LIST_ENTRIES, item_list_entries,
    {"price": MaybeMoney("price_units", "price_scale")},
    key=("org", "list_id", "variant_id"),
)  # fmt: skip
