"""Categories, brands, attributes, groups of attributes and templates."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
)

from entrepot.core import taxonomy
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, need, one_of, table

taxa = table(
    "taxa",
    need("org", BigInteger),
    need("id", ID),
    need("kind", Text),
    need("name", Text),
    need("slug", Text),
    need("sorted_by", LargeBinary),
    Column("description", Text),
    Column("parent_id", ID),
    need("depth", SmallInteger),
    Column("logo_url", Text),
    Column("type", Text),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    one_of("kind", taxonomy.TAXA_KINDS),
    Index("taxa_slug", "org", "kind", "slug", unique=True),
    Index("taxa_sorted", "org", "kind", "sorted_by", "id"),
)

TAXA = Kept(taxonomy.TAXA, taxa)
TAXA_BY_SLUG = Kept(taxonomy.TAXA_BY_SLUG, taxa, key=("org", "kind", "slug"))
