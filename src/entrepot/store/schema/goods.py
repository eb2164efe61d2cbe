"""Goods that left and goods that came back, order by order."""

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

from entrepot.core.returns import RETURN_LINES as RETURN_LINE_KIND
from entrepot.core.returns import RETURNS as RETURN_KIND
from entrepot.core.returns import STATES as RETURN_STATES
from entrepot.core.shipments import SHIPMENT_LINES as SHIPMENT_LINE_KIND
from entrepot.core.shipments import SHIPMENTS as SHIPMENT_KIND
from entrepot.core.shipments import STATES
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.orders import orders
from entrepot.store.schema.table import ID, belongs_to, need, one_of, table

shipments = table(
    "shipments",
    need("org", BigInteger),
    belongs_to("order_id", orders),
    need("number", BigInteger),  # 1, 2, 3 ... within the order
    Column("carrier", Text),
    Column("tracking_number", Text),
    Column("tracking_url", Text),
    need("shipped_at", BigInteger),
    need("id", ID),
    need("state", Text),
    Column("delivered_at", BigInteger),
    PrimaryKeyConstraint("org", "order_id", "number"),
    one_of("state", tuple(STATES)),
    CheckConstraint(
        "(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_at_a_time"
    ),
    Index("shipments_id", "org", "id", unique=True),
)

shipment_lines = table(
    "shipment_lines",
    need("org", BigInteger),
    belongs_to("order_id", orders),
    need("number", BigInteger),  # the shipment's
    need("line_id", ID),
    need("quantity", BigInteger),
    PrimaryKeyConstraint("org", "order_id", "number", "line_id"),
    CheckConstraint("quantity > 0", name="shipment_positive"),
)

returns = table(
    "returns",
    need("org", BigInteger),
    belongs_to("order_id", orders),
    need("number", BigInteger),  # 1, 2, 3 ... within the order
    Column("returned_at", BigInteger),  # when the goods came
    need("id", ID),
    need("state", Text),
    Column("reason", Text),
    need("requested_at", BigInteger),
    Column("approved_at", BigInteger),
    Column("refunded_units", BigInteger),  # what was asked back for it
    PrimaryKeyConstraint("org", "order_id", "number"),
    one_of("state", tuple(RETURN_STATES)),
    CheckConstraint("(state = 'received') = (returned_at IS NOT NULL)", name="received_at_a_time"),
    CheckConstraint("state <> 'approved' OR approved_at IS NOT NULL", name="approved_at_a_time"),
    Index("returns_id", "org", "id", unique=True),
)

return_lines = table(
    "return_lines",
    need("org", BigInteger),
    belongs_to("order_id", orders),
    need("number", BigInteger),  # the return's
    need("line_id", ID),
    need("quantity", BigInteger),
    Column("restocked", Boolean),  # NULL until the goods came
    Column("location_id", ID),  # the shelf on which it is counted again
    PrimaryKeyConstraint("org", "order_id", "number", "line_id"),
    CheckConstraint("quantity > 0", name="return_positive"),
    CheckConstraint("restocked OR location_id IS NULL", name="scrapped_nowhere"),
)

SHIPMENTS = Kept(SHIPMENT_KIND, shipments)
SHIPMENT_LINES = Kept(SHIPMENT_LINE_KIND, shipment_lines)
RETURNS = Kept(RETURN_KIND, returns)
RETURN_LINES = Kept(RETURN_LINE_KIND, return_lines)
