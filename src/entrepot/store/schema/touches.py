"""Touches of contacts, as they were recorded."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, Text, text

from entrepot.core import touches as touched
from entrepot.store.schema.catalogue import customers
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import (
    ID,
    belongs_to,
    json_text,
    need,
    one_of,
    partial_index,
    table,
)

_CLICKED = text("kind = 'click'")

touches = table(
    "touches",
    need("org", BigInteger),
    need("id", ID),
    belongs_to("customer_id", customers),
    need("kind", Text),
    need("origin", Text),
    need("origin_id", ID),
    need("channel", Text),
    need("at", BigInteger),
    need("recorded_at", BigInteger),
    need("external_user_id", Text),
    need("resource_id", Text),
    need("country", Text),
    json_text("details", needed=True),
    PrimaryKeyConstraint("org", "id"),
    one_of("kind", touched.TOUCH_KINDS),
    one_of("origin", touched.ORIGINS),
    partial_index("touches_clicked", "org", "at", "id", where=_CLICKED),
    Index("touches_of_origin", "org", "origin_id", "at", "id"),
    Index("touches_of_contact", "org", "customer_id", "at", "id"),
)

click_contacts = table(
    "click_contacts",
    # Contacts who clicked on something of an origin, however often.
    need("org", BigInteger),
    need("origin_id", ID),
    belongs_to("customer_id", customers),
    PrimaryKeyConstraint("org", "origin_id", "customer_id"),
)

TOUCHES = Kept(touched.TOUCHES, touches)
