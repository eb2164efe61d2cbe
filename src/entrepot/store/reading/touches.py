"""Touches of contacts, and the clicks among them, page by page. Nothing here writes."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.between import Between
from entrepot.core.touches import CLICK, Touch
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in
from entrepot.store.reading import timelines
from entrepot.store.reading.timelines import Listed, Timeline
from entrepot.store.writing.list_tallies import CLICKS, NO_KEY

_IS_CLICK = f"r.kind = '{CLICK}'"
# The same, of which no planner thinks that the index of all clicks would serve.
_IS_CLICK_TOO = f"r.kind || '' = '{CLICK}'"


@asked_in("one statement")
def listed(conn: Connection, org: int, after: bytes | None, limit: int) -> list[Touch]:
    """Up to `limit` touches that were recorded before the one with this id, newest first."""
    statement, kept = Statement(conn), schema.TOUCHES
    columns = ", ".join(f't."{name}"' for name in kept.columns)
    before = "" if after is None else f" AND t.id < {statement.mark(after)}"
    found = statement.fetch(
        f"SELECT {columns} FROM touches AS t WHERE t.org = {statement.mark(org)}{before} "
        f"ORDER BY t.id DESC LIMIT {statement.mark(limit)}"
    )
    return [kept.readable_row(row) for row in found]


@asked_in("long")
def clicks(  # noqa: PLR0913 - what may be asked for
    conn: Connection,
    org: int,
    contact: bytes | None,
    origin_id: bytes | None,
    between: Between,
    *,
    limit: int,
    offset: int,
) -> tuple[list[Touch], int]:
    """A page of clicks, latest first, and the number of all that match.

    Those of one contact are counted one by one.
    """

    def where(statement: Statement) -> list[str]:
        of = [] if origin_id is None else [f"r.origin_id = {statement.mark(origin_id)}"]
        its = [] if contact is None else [f"r.customer_id = {statement.mark(contact)}"]
        # The indexes of an origin and of a contact have other kinds of touches as well.
        return [_IS_CLICK_TOO, *of, *its] if of or its else [_IS_CLICK]

    line = Timeline(CLICKS, "touches", "at", key=origin_id or NO_KEY, where=where)
    if contact is None:
        found = timelines.find(conn, org, line, between, limit, offset)
    else:
        found = timelines.count(conn, org, line, between, limit, offset)
    return _whole(conn, org, found), found.total


def _whole(conn: Connection, org: int, found: Listed) -> list[Touch]:
    kept = schema.TOUCHES
    wanted: set[sql.Row] = {(org, id_) for id_ in found.ids}
    rows = sql.select(conn, kept.table, ("org", "id"), wanted, kept.columns)
    by_id = {one.id: one for one in map(kept.readable_row, rows)}
    return [by_id[id_] for id_ in found.ids if id_ in by_id]
