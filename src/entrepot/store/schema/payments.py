"""Payments of orders, and the operations on them (docs/adr/0037)."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, PrimaryKeyConstraint, Text, text

from entrepot.core import kinds
from entrepot.core.payment import KINDS, STATES
from entrepot.store.schema.conversion import money
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, need, one_of, partial_index, places, table

payments = table(
    "payments",
    need("org", BigInteger),
    need("order_id", ID),
    need("number", BigInteger),
    need("provider", Text),
    need("service", Text),
    need("reference", Text),
    need("currency", Text),
    need("amount_units", BigInteger),
    places("amount_scale"),
    need("created_at", BigInteger),
    PrimaryKeyConstraint("org", "order_id", "number"),
)

# The states of core.payment.LIVE: of three words SQLite would make a table for every row.
LIVE = text("kind = 'authorise' AND state <> 'declined' AND state <> 'given_up'")
# The other states.
WITHOUT_MONEY = text("kind = 'authorise' AND (state = 'declined' OR state = 'given_up')")
# The states of money that was taken or given back.
MOVED = text("state = 'done' AND (kind = 'capture' OR kind = 'refund')")
# As an index says it: SQLite takes one over some rows only where the text is the same.
RUNNING = text("state = 'running'")

payment_operations = table(
    "payment_operations",
    need("org", BigInteger),
    need("order_id", ID),
    need("payment", BigInteger),
    need("number", BigInteger),
    need("kind", Text),
    need("units", BigInteger),
    need("key", Text),
    need("state", Text),
    Column("provider_reference", Text),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "order_id", "payment", "number"),
    one_of("kind", KINDS),
    one_of("state", tuple(STATES)),
    # A payment has one authorisation: by the primary key it is the first operation, and no other.
    CheckConstraint("(kind = 'authorise') = (number = 1)", name="authorisation_first"),
    # A provider's notification names an operation whose outcome it says later: few have none.
    partial_index("payment_operations_running", "org", "provider_reference", where=RUNNING),
    # A provider may have money later of a payment that came to nothing: few come to that. The
    # notification names what the provider calls the payment, or the key where it was told no more.
    # With kind and state: SQLite takes an index that it has to look no further from.
    partial_index(
        "payment_operations_without_money",
        "org", "provider_reference", "order_id", "kind", "state", where=WITHOUT_MONEY,
    ),
    partial_index(
        "payment_operations_without_money_keys",
        "org", "key", "order_id", "kind", "state", where=WITHOUT_MONEY,
    ),
    # A provider may say later that a capture or a refund failed after it was done.
    partial_index(
        "payment_operations_moved",
        "org", "provider_reference", "order_id", "kind", "state", where=MOVED,
    ),
)  # fmt: skip

PAYMENTS = Kept(
    kinds.PAYMENTS, payments, {"amount": money("amount_units", "amount_scale")},
    changing=("amount",),
)  # fmt: skip
OPERATIONS = Kept(
    kinds.OPERATIONS, payment_operations,
    changing=("state", "provider_reference", "updated_at"),
)  # fmt: skip
