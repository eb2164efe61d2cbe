"""Products and variants, as the catalogue was told of them.

An order that names a variant first writes none of these rows.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Text

from entrepot.core import products as told
from entrepot.store.schema.catalogue import items, variants
from entrepot.store.schema.conversion import MaybeMoney
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, belongs_to, json_text, need, one_of, places, table

products = table(
    "products",
    need("org", BigInteger),
    belongs_to("id", items),
    need("name", Text),
    need("status", Text),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    need("version", BigInteger),
    Column("handle", Text),
    Column("description", Text),
    Column("image_url", Text),
    Column("type", Text),
    Column("custom_type", Text),
    Column("brand", Text),
    Column("brand_id", ID),
    Column("category", Text),
    Column("category_id", ID),
    Column("vendor", Text),
    json_text("properties"),
    json_text("details"),
    Column("deleted_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    one_of("status", told.STATUSES),
    Index("products_by_status", "org", "status", "id"),
    Index("products_updated", "org", "status", "updated_at", "id"),
)

product_handles = table(
    "product_handles",
    need("org", BigInteger),
    need("handle", Text),
    belongs_to("product_id", products),
    PrimaryKeyConstraint("org", "handle"),
)

variant_details = table(
    "variant_details",
    need("org", BigInteger),
    belongs_to("id", variants),
    need("updated_at", BigInteger),
    need("name", Text),
    Column("barcode", Text),
    Column("cost_units", BigInteger),
    places("cost_scale", needed=False),
    Column("weight", Text),
    Column("length", Text),
    Column("width", Text),
    Column("height", Text),
    Column("unit_of_measure", Text),
    Column("sequence", BigInteger),
    Column("image_url", Text),
    json_text("properties"),
    json_text("options"),
    json_text("details"),
    PrimaryKeyConstraint("org", "id"),
)

ITEMS = Kept(told.ITEMS, items)
PRODUCTS = Kept(told.PRODUCTS, products, fixed=("created_at",))
HANDLES = Kept(told.HANDLES, product_handles)
VARIANT_DETAILS = Kept(
    told.VARIANT_DETAILS, variant_details, {"cost": MaybeMoney("cost_units", "cost_scale")}
)
