"""What stock is worth: costs that were told, layers, shelves, movements and totals."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, PrimaryKeyConstraint, Text

from entrepot.core import costing as kinds
from entrepot.core.stock_settings import COSTINGS as METHODS
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, need, one_of, table

variant_costs = table(
    "variant_costs",
    need("org", BigInteger),
    need("variant_id", ID),
    need("currency", Text),
    need("unit_cost", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "variant_id"),
    CheckConstraint("unit_cost >= 0", name="cost_not_negative"),
)

stock_layers = table(
    "stock_layers",
    need("org", BigInteger),
    need("variant_id", ID),
    need("location_id", ID),
    need("number", BigInteger),
    need("quantity", BigInteger),
    need("value", BigInteger),
    PrimaryKeyConstraint("org", "variant_id", "location_id", "number"),
    CheckConstraint("quantity > 0", name="layer_positive"),
    CheckConstraint("value >= 0", name="layer_not_negative"),
)

shelf_values = table(
    "shelf_values",
    need("org", BigInteger),
    need("variant_id", ID),
    need("location_id", ID),
    need("quantity", BigInteger),
    need("value", BigInteger),
    need("layers", BigInteger),
    PrimaryKeyConstraint("org", "variant_id", "location_id"),
    CheckConstraint("value >= 0", name="value_not_negative"),
    Index("shelf_values_at", "org", "location_id", "variant_id"),
)

stock_movements = table(
    "stock_movements",
    need("org", BigInteger),
    need("variant_id", ID),
    need("location_id", ID),
    need("number", BigInteger),  # of the event that told of it
    need("place", BigInteger),
    need("kind", Text),
    need("method", Text),
    need("delta", BigInteger),
    need("value", BigInteger),
    Column("order_id", ID),
    Column("line_id", ID),
    PrimaryKeyConstraint("org", "variant_id", "location_id", "number", "place"),
    one_of("kind", kinds.KINDS),
    one_of("method", METHODS),
)

line_costs = table(
    "line_costs",
    need("org", BigInteger),
    need("order_id", ID),
    need("line_id", ID),
    need("quantity", BigInteger),
    need("value", BigInteger),
    PrimaryKeyConstraint("org", "order_id", "line_id"),
    CheckConstraint("quantity >= 0 AND value >= 0", name="out_not_negative"),
)

value_totals = table(
    "value_totals",
    need("org", BigInteger),
    need("location_id", ID),
    need("currency", Text),
    need("value", Text),
    PrimaryKeyConstraint("org", "location_id", "currency"),
)

stock_costing = table(
    "stock_costing",
    Column("org", BigInteger, primary_key=True, autoincrement=False),
    need("reached", BigInteger),  # the number of an event
    need("method", Text),
    need("version", BigInteger),
    one_of("method", METHODS),
)

VARIANT_COSTS = Kept(kinds.VARIANT_COSTS, variant_costs)
LAYERS = Kept(kinds.LAYERS, stock_layers)
SHELF_VALUES = Kept(kinds.SHELF_VALUES, shelf_values)
MOVEMENTS = Kept(kinds.MOVEMENTS, stock_movements)
LINE_COSTS = Kept(kinds.LINE_COSTS, line_costs)
VALUE_TOTALS = Kept(kinds.VALUE_TOTALS, value_totals)
COSTINGS = Kept(kinds.COSTINGS, stock_costing)
