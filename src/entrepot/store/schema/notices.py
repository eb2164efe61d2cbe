"""Notifications of payment services, each under every reference that it names."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, LargeBinary, PrimaryKeyConstraint, Text

from entrepot.core import notice
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import need, table

provider_notices = table(
    "provider_notices",
    need("org", BigInteger),
    need("service", Text),
    need("reference", Text),
    need("event", Text),
    need("received_at", BigInteger),
    need("heard_at", BigInteger),  # 0: no step was woken for it
    need("body", LargeBinary),
    need("of_money", Boolean),
    need("disputed", Boolean),
    PrimaryKeyConstraint("org", "service", "reference", "event"),
    # Old ones are removed by their age. Those of disputes stay.
    Index("provider_notices_age", "org", "disputed", "received_at"),
)

NOTICES = Kept(notice.NOTICES, provider_notices, changing=("heard_at",))
