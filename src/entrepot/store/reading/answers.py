"""Stored answers by their keys, for repeats that no command can be made of. Nothing writes."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core import events
from entrepot.core.order import StoredAnswer
from entrepot.core.properties import parse
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in

# Names of an order that somebody may change.
_NAMES = ("external_id", "external_reference", "external_name")
# Amendments of an order that are looked at for a name that it had.
_LOOKED_AT = 1_000


@asked_in("one statement")
def stored(conn: Connection, org: int, key: str) -> StoredAnswer | None:
    """The answer that was stored under a client's key; None for a key that is new."""
    return _stored(conn, org, key)


@asked_in("snapshot")
def order_called(conn: Connection, org: int, key: str, text: str) -> bytes | None:
    """The order that the answer under a key is of, where the order is called by this text or was
    called so before an amendment; else None.
    """
    found = _stored(conn, org, key)
    if found is None or found.order_id is None:
        return None
    order_id: bytes = found.order_id
    columns = ("number", "sender_id", *_NAMES)
    rows = sql.select(conn, schema.orders, ("org", "id"), {(org, order_id)}, columns)
    is_called = any(text in (f"{row[0]}", f"#{row[0]}", *row[1:]) for row in rows)
    return order_id if is_called or _was_called(conn, org, order_id, text) else None


def _stored(conn: Connection, org: int, key: str) -> StoredAnswer | None:
    kept = schema.ANSWERS
    found = sql.select(conn, kept.table, ("org", "key"), {(org, key)}, kept.columns)
    return kept.from_row(found[0]) if found else None


def _was_called(conn: Connection, org: int, order_id: bytes, text: str) -> bool:
    """Whether an amendment of the order took this name away. The archive is not asked."""
    statement = Statement(conn)
    mark = statement.mark
    found = statement.fetch(
        f"SELECT e.body FROM events AS e WHERE e.org = {mark(org)} "
        f"AND e.subject_id = {mark(order_id)} AND e.type = {mark(events.ORDER_AMENDED)} "
        f"ORDER BY e.seq DESC LIMIT {_LOOKED_AT}"
    )
    return any(text in _names_before(row[0]) for row in found)


def _names_before(body: str) -> list[object]:
    """The names that an amendment took away, as its event tells them; none of a damaged one."""
    try:
        changed = parse(body)["changed"]
    except (ValueError, KeyError):
        return []
    return [changed[name][0] for name in _NAMES if name in changed]
