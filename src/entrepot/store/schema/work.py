"""Jobs for orders, stored answers, and the walks that remove old rows."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    false,
    text,
)

from entrepot.core import kinds
from entrepot.store.schema.conversion import Alone
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, need, one_of, partial_index, table

PARKED_FOR_A_TIME = text("state = 'parked' AND (kind = 'authorise' OR kind = 'look')")

jobs = table(
    "jobs",
    need("org", BigInteger),
    need("id", ID),
    need("kind", Text),
    Column("order_id", ID),
    Column("payload", Text),
    need("state", Text),
    need("run_at", BigInteger),
    need("leased_until", BigInteger),
    need("fence", BigInteger),
    need("tries", BigInteger),
    Column("last_error", Text),
    need("created_at", BigInteger),
    Column("put_off_at", BigInteger),
    Column("holder", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    one_of("state", ("due", "parked", "stopped")),
    # The queue is looked through by time over all organizations.
    Index("jobs_due", "state", "run_at"),
    # Parked steps that come again by themselves, by when they do: stock is held for them, or money
    # that came late may have gone another way by then.
    partial_index("jobs_holding", "run_at", where=PARKED_FOR_A_TIME),
)  # fmt: skip

processes = table(
    "processes",
    # A process that works on jobs tells here that it lives, if several do.
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    need("beats", BigInteger),
    need("started_at", BigInteger),
    need("seen_at", BigInteger),
)

payment_claims = table(
    "payment_claims",
    # The live order that a payment reference pays (docs/adr/0024).
    need("org", BigInteger),
    need("provider", Text),  # in small letters
    need("reference", Text),
    need("order_id", ID),
    # Whether another order came with the reference: then the row outlives its order (docs/adr/0080)
    Column("shared", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("org", "provider", "reference"),
)

idempotency_keys = table(
    "idempotency_keys",
    need("org", BigInteger),
    need("key", Text),
    need("operation", Text),
    need("fingerprint", LargeBinary),
    need("status", SmallInteger),
    need("body", LargeBinary),
    Column("order_id", ID),
    need("created_at", BigInteger),
    Column("checksum", BigInteger),  # of what a repeat is answered; older rows have none
    PrimaryKeyConstraint("org", "key"),
    by_key=False,
)

announced_orders = table(
    "announced_orders",
    # Orders that somebody says exist and nobody has told yet, under the id that was announced.
    need("org", BigInteger),
    need("text", Text),
    need("source", Text),  # the dialect of the notification
    need("announced_at", BigInteger),
    PrimaryKeyConstraint("org", "text"),
)

sweeps = table(
    "sweeps",
    # How far a slow walk over the book is, one row an organization and kind.
    need("org", BigInteger),
    need("kind", Text),
    need("fence", BigInteger),
    need("leased_until", BigInteger),
    need("ended_at", BigInteger),
    # What was made before this may be gone; of a search the newest order whose terms are kept.
    need("horizon", BigInteger),
    need("reached_at", BigInteger),
    need("reached", LargeBinary),
    PrimaryKeyConstraint("org", "kind"),
    one_of("kind", ("keys", "events", "holds", "contacts", "search", "merging", "addresses")),
)

JOBS = Kept(kinds.JOBS, jobs)
CLAIMS = Kept(kinds.CLAIMS, payment_claims, changing=("order_id", "shared"), demanded=False)
ANSWERS = Kept(kinds.ANSWERS, idempotency_keys, {"body": Alone("body", "bytes")})
ANNOUNCED = Kept(kinds.ANNOUNCED, announced_orders, demanded=False)
