"""Stored answers by their keys, for repeats that no command can be made of. Nothing writes."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.order import StoredAnswer
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.question import asked_in


@asked_in("one statement")
def stored(conn: Connection, org: int, key: str) -> StoredAnswer | None:
    """The answer that was stored under a client's key; None for a key that is new."""
    kept = schema.ANSWERS
    found = sql.select(conn, kept.table, ("org", "key"), {(org, key)}, kept.columns)
    return kept.from_row(found[0]) if found else None
