"""Connections of organizations, and the orders that they told."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    text,
)

from entrepot.core import integrations as kinds
from entrepot.store.schema.conversion import Alone
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, belongs_to, need, one_of, partial_index, table

connections = table(
    "connections",
    need("org", BigInteger),
    need("name", Text),  # its id at the integration service
    need("id", ID),
    need("provider", Text),
    need("category", Text),
    need("status", Text),
    need("version", BigInteger),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "name"),
    one_of("category", kinds.CATEGORIES),
    one_of("status", kinds.STATES),
    Index("connections_id", "org", "id", unique=True),
    # An event says by this name which organization it is for.
    Index("connections_name", "name", unique=True),
)

told_orders = table(
    "told_orders",
    need("org", BigInteger),
    belongs_to("connection_id", connections),
    need("external_id", Text),
    Column("order_id", ID),
    Column("fault", Text),
    need("digest", LargeBinary),
    need("version", BigInteger),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "connection_id", "external_id"),
    CheckConstraint("(order_id IS NULL) = (fault IS NOT NULL)", name="placed_or_faulty"),
    # Orders that could not be placed: few, and looked for by time.
    partial_index("told_orders_rejected", "org", "updated_at", where=text("order_id IS NULL")),
)  # fmt: skip

CONNECTIONS = Kept(kinds.CONNECTIONS, connections, fixed=("id", "created_at"))
TOLD_ORDERS = Kept(
    kinds.TOLD_ORDERS, told_orders, {"digest": Alone("digest", "bytes")}, fixed=("created_at",)
)
