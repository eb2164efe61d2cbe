"""Stock: counters, the ledger behind them, and what orders claim."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    PrimaryKeyConstraint,
    Text,
)

from entrepot.core import kinds
from entrepot.core.order import ENTRY_KINDS, StockEntry
from entrepot.core.reservations import STATES
from entrepot.store.schema.conversion import Conversion
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, need, one_of, table, word

stock_levels = table(
    "stock_levels",
    need("org", BigInteger),
    need("variant_id", ID),
    need("location_id", ID),
    need("on_hand", BigInteger),
    need("reserved", BigInteger),
    need("version", BigInteger),
    need("soft", Boolean),
    PrimaryKeyConstraint("org", "variant_id", "location_id"),
    Index("stock_levels_at", "org", "location_id", "variant_id"),
    CheckConstraint("reserved >= 0", name="reserved_not_negative"),
    CheckConstraint("soft OR (on_hand >= 0 AND reserved <= on_hand)", name="never_oversold"),
)

stock_entries = table(
    "stock_entries",
    need("org", BigInteger),
    need("id", ID),
    need("variant_id", ID),
    need("location_id", ID),
    need("delta", BigInteger),
    word("kind", ENTRY_KINDS),
    Column("order_id", ID),
    need("note", Text),
    need("created_at", BigInteger),
    Column("unit_cost", BigInteger),  # of goods that came in; in the currency of variant_costs
    PrimaryKeyConstraint("org", "id"),
    Index("stock_entries_of_variant", "org", "variant_id", "id"),
)

reservations = table(
    "reservations",
    need("org", BigInteger),
    need("order_id", ID),
    need("line_id", ID),
    need("variant_id", ID),
    need("location_id", ID),
    need("quantity", BigInteger),
    need("state", Text),
    need("held_until", BigInteger),
    need("updated_at", BigInteger),
    Column("shipped", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("org", "order_id", "line_id"),
    one_of("state", tuple(STATES)),
    CheckConstraint("quantity > 0", name="reservation_positive"),
    CheckConstraint("shipped >= 0 AND shipped <= quantity", name="shipped_within"),
)

LEVELS = Kept(kinds.LEVELS, stock_levels)
ENTRIES = Conversion(StockEntry, stock_entries)
RESERVATIONS = Kept(
    kinds.RESERVATIONS, reservations, changing=("quantity", "shipped", "state", "updated_at")
)
