"""An organization's keys, page by page, without their digests. Nothing here writes."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.store import schema
from entrepot.store.accounts import ListedCredential
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in

_LISTED = ", ".join([f'k."{name}"' for name in ListedCredential._fields])


@asked_in("one statement")
def listed(conn: Connection, org: int, after: bytes | None, limit: int) -> list[ListedCredential]:
    """Up to `limit` keys behind an id, in the order of their ids, with those that are revoked."""
    statement = Statement(conn)
    conditions = f"k.org = {statement.mark(org)} AND k.id > {statement.mark(after or b'')}"
    found = statement.fetch(
        f"SELECT {_LISTED} FROM {schema.credentials.name} AS k WHERE {conditions} "
        f"ORDER BY k.id LIMIT {statement.mark(limit)}"
    )
    return [ListedCredential._make(row) for row in found]
