"""Media of products and variants."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Text

from entrepot.core import media as kinds
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, need, table

media = table(
    "media",
    need("org", BigInteger),
    need("id", ID),
    Column("product_id", ID),
    Column("variant_id", ID),
    need("url", Text),
    Column("alt_text", Text),
    need("sort_order", BigInteger),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    Index("media_product", "org", "product_id", "sort_order", "id"),
    Index("media_variant", "org", "variant_id", "sort_order", "id"),
    Index("media_sorted", "org", "sort_order", "id"),
)

MEDIA = Kept(kinds.MEDIA, media)
