"""Notes beside orders."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, Text

from entrepot.core import notes
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.orders import orders
from entrepot.store.schema.table import ID, belongs_to, need, table

order_notes = table(
    "order_notes",
    need("org", BigInteger),
    need("id", ID),
    belongs_to("order_id", orders),
    need("author", Text),
    need("text", Text),
    need("created_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    Index("order_notes_order", "org", "order_id"),
)

NOTES = Kept(notes.NOTES, order_notes)
