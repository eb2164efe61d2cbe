"""Attributions of orders to origins, page by page. Nothing here writes."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.attributing import Asked, Shown
from entrepot.core.between import Between
from entrepot.core.money import Amount
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in
from entrepot.store.reading import timelines
from entrepot.store.reading.timelines import Listed, Timeline
from entrepot.store.schema.conversion import told_at
from entrepot.store.writing.list_tallies import ATTRIBUTIONS, NO_KEY

_ORDER = ("id", "total", "scale", "total_scale", "currency")


@asked_in("long")
def page(
    conn: Connection, org: int, asked: Asked, between: Between, *, limit: int, offset: int
) -> tuple[list[Shown], int]:
    """A page of attributions, those that were made last first, and the number of all that match.

    Tallies know types, origins, and one origin's id. With a contact, several ids, or an id beside
    an origin, the matches are counted one by one.
    """

    def where(statement: Statement) -> list[str]:
        mark, found = statement.mark, []
        # Beside a contact or an id no planner shall think that an index of types would serve.
        beside = " || ''" if asked.contact is not None or asked.origin_ids else ""
        if asked.contact is not None:
            found.append(f"r.customer_id = {mark(asked.contact)}")
        if asked.type is not None:
            found.append(f"r.type{beside} = {mark(asked.type)}")
        if asked.origin is not None:
            found.append(f"r.origin{beside} = {mark(asked.origin)}")
        if asked.origin_ids:
            found.append(f"r.origin_id IN ({', '.join(map(mark, asked.origin_ids))})")
        return found

    word = " ".join([text for text in (asked.type, asked.origin) if text is not None])
    key = asked.origin_ids[0] if asked.origin_ids else NO_KEY
    line = Timeline(ATTRIBUTIONS, "attributions", "created_at", word, key, where)
    one_by_one = asked.contact is not None or len(asked.origin_ids) > 1
    if one_by_one or (asked.origin_ids and asked.origin is not None):
        found = timelines.count(conn, org, line, between, limit, offset)
    else:
        found = timelines.find(conn, org, line, between, limit, offset)
    return _whole(conn, org, found), found.total


def _whole(conn: Connection, org: int, found: Listed) -> list[Shown]:
    by_id, kept = ("org", "id"), schema.ATTRIBUTIONS
    ids: set[sql.Row] = {(org, id_) for id_ in found.ids}
    rows = sql.select(conn, kept.table, by_id, ids, kept.columns)
    listed = {one.id: one for one in map(kept.readable_row, rows)}
    wanted: set[sql.Row] = {(org, one.order_id) for one in listed.values()}
    totals = {
        bytes(id_): (Amount(*told_at(total, scale, places)), currency)
        for id_, total, scale, places, currency in sql.select(
            conn, schema.orders, by_id, wanted, _ORDER
        )
    }
    there = [listed[id_] for id_ in found.ids if id_ in listed]
    return [Shown(one, *totals[one.order_id]) for one in there if one.order_id in totals]
