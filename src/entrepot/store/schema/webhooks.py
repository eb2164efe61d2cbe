"""Webhooks, and what became of the events that were sent to them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    text,
)

from entrepot.core import webhooks as kinds
from entrepot.store.schema.conversion import Alone
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import ID, belongs_to, need, one_of, partial_index, table

# To which something may be sent though the log of the organization stands still: an event is to be
# tried again, or a process died that held the webhook.
WAITING = "state = 'active' AND (next_at > 0 OR leased_until > 0)"
AGAIN = "state = 'active' AND again <> ''"
_WAITING, _AGAIN = text(WAITING), text(AGAIN)

webhooks = table(
    "webhooks",
    need("org", BigInteger),
    need("id", ID),
    need("url", Text),
    need("types", Text),
    need("format", Text),
    need("state", Text),
    need("secret", LargeBinary),
    need("reached", BigInteger),  # the number of an event
    need("again", Text),  # numbers of events
    need("tries", BigInteger),
    Column("failing_since", BigInteger),
    need("next_at", BigInteger),
    need("leased_until", BigInteger),
    need("version", BigInteger),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    one_of("state", kinds.STATES),
    one_of("format", kinds.FORMATS),
    partial_index("webhooks_due", "next_at", where=_WAITING),
    partial_index("webhooks_again", "org", "id", where=_AGAIN),
)

webhook_deliveries = table(
    "webhook_deliveries",
    need("org", BigInteger),
    belongs_to("webhook_id", webhooks),
    need("number", BigInteger),  # of the event
    need("id", ID),
    need("type", Text),
    need("state", Text),
    need("tries", BigInteger),
    Column("status", SmallInteger),
    Column("error", Text),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "webhook_id", "number"),
    one_of("state", kinds.DELIVERY_STATES),
    Index("webhook_deliveries_id", "org", "id", unique=True),
)

WEBHOOKS = Kept(kinds.WEBHOOKS, webhooks, {"secret": Alone("secret", "bytes")})
DELIVERIES = Kept(kinds.DELIVERIES, webhook_deliveries)
