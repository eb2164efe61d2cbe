"""How organizations run their stock: settings, shelves that are low, drafts of purchases."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    PrimaryKeyConstraint,
    Text,
)

from entrepot.core import stock_settings as kinds
from entrepot.core.stock_settings import COSTINGS
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, need, one_of, table

stock_settings = table(
    "stock_settings",
    Column("org", BigInteger, primary_key=True, autoincrement=False),
    need("id", ID),
    need("version", BigInteger),
    need("low_stock_threshold", BigInteger),
    need("auto_po", Boolean),
    need("costing", Text),
    need("watched", BigInteger),  # the number of an event
    Column("updated_by", ID),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    one_of("costing", COSTINGS),
    CheckConstraint("low_stock_threshold >= 0", name="threshold_not_negative"),
)

low_stock = table(
    "low_stock",
    need("org", BigInteger),
    need("variant_id", ID),
    need("location_id", ID),
    need("id", ID),
    need("free", BigInteger),
    need("since", BigInteger),
    PrimaryKeyConstraint("org", "variant_id", "location_id"),
)

purchase_drafts = table(
    "purchase_drafts",
    need("org", BigInteger),
    need("variant_id", ID),
    need("location_id", ID),
    need("id", ID),
    need("quantity", BigInteger),
    need("created_at", BigInteger),
    PrimaryKeyConstraint("org", "variant_id", "location_id"),
    CheckConstraint("quantity > 0", name="draft_positive"),
)

STOCK_SETTINGS = Kept(kinds.STOCK_SETTINGS, stock_settings, fixed=("id", "created_at"))
LOW_STOCK = Kept(kinds.LOW_STOCK, low_stock, demanded=False)
PURCHASE_DRAFTS = Kept(kinds.PURCHASE_DRAFTS, purchase_drafts, demanded=False)
