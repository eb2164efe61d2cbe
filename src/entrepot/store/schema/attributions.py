"""Attributions of orders to the origins of touches."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, Text

from entrepot.core import attributing
from entrepot.core.attributing import ASSIST, MAIN
from entrepot.core.touches import ORIGINS
from entrepot.store.schema.contacts import contacts
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.orders import orders
from entrepot.store.schema.table import ID, belongs_to, need, one_of, table
from entrepot.store.schema.touches import touches

attributions = table(
    "attributions",
    need("org", BigInteger),
    belongs_to("order_id", orders),
    need("origin", Text),
    need("origin_id", ID),
    need("id", ID),
    belongs_to("customer_id", contacts),
    belongs_to("touch_id", touches),
    need("type", Text),
    need("external_user_id", Text),
    need("created_at", BigInteger),
    PrimaryKeyConstraint("org", "order_id", "origin", "origin_id"),
    one_of("origin", ORIGINS),
    one_of("type", (MAIN, ASSIST)),
    Index("attributions_id", "org", "id", unique=True),
    Index("attributions_made", "org", "created_at", "id"),
    Index("attributions_of_type", "org", "type", "created_at", "id"),
    Index("attributions_by_origin", "org", "origin", "created_at", "id"),
    Index("attributions_of_origin", "org", "origin_id", "created_at", "id"),
    Index("attributions_of_contact", "org", "customer_id", "created_at", "id"),
)


ATTRIBUTIONS = Kept(
    attributing.ATTRIBUTIONS, attributions,
    changing=("customer_id", "touch_id", "type", "external_user_id"),
)  # fmt: skip
