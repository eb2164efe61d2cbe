"""Broadcasts, page by page, with the clicks that were recorded of them. Nothing here writes."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.between import Between
from entrepot.core.broadcasts import Broadcast, Clicked
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in
from entrepot.store.reading import timelines
from entrepot.store.reading.timelines import Timeline
from entrepot.store.writing import list_tallies
from entrepot.store.writing.tallies import SLOTS

# A broadcast shows so many pairs of a country and what was clicked there, the most clicked ones.
PLACES_MAX = 100
_ALL = Between()
_COUNTED = (list_tallies.CLICKS, list_tallies.CLICKERS, list_tallies.COUNTRIES)


@asked_in("one statement")
def broadcast(conn: Connection, org: int, broadcast_id: bytes) -> Broadcast | None:
    """The broadcast with this id; None if the organization has none."""
    kept = schema.BROADCASTS
    found = sql.select(conn, kept.table, ("org", "id"), {(org, broadcast_id)}, kept.columns)
    return kept.readable_row(found[0]) if found else None


@asked_in("one statement")
def listed(conn: Connection, org: int, after: bytes | None, limit: int) -> list[Broadcast]:
    """Up to `limit` broadcasts with smaller ids than this one, in descending order of ids."""
    statement, kept = Statement(conn), schema.BROADCASTS
    columns = ", ".join(f'b."{name}"' for name in kept.columns)
    before = "" if after is None else f" AND b.id < {statement.mark(after)}"
    found = statement.fetch(
        f"SELECT {columns} FROM broadcasts AS b WHERE b.org = {statement.mark(org)}{before} "
        f"ORDER BY b.id DESC LIMIT {statement.mark(limit)}"
    )
    return [kept.readable_row(row) for row in found]


@asked_in("long")
def page(
    conn: Connection, org: int, created: Between, updated: Between, *, limit: int, offset: int
) -> tuple[list[tuple[Broadcast, Clicked]], int]:
    """A page of broadcasts, newest first, and the number of all that match.

    With bounds of both times the matches are counted one by one.
    """

    def where(statement: Statement) -> list[str]:
        bounds = ((">=", created.since), ("<=", created.until))
        return [
            f"r.created_at {sign} {statement.mark(at)}" for sign, at in bounds if at is not None
        ]

    if updated == _ALL:
        line = Timeline(list_tallies.BROADCASTS, "broadcasts", "created_at")
        found = timelines.find(conn, org, line, created, limit, offset)
    else:
        name = list_tallies.BROADCASTS_UPDATED
        line = Timeline(name, "broadcasts", "updated_at", where=where)
        find = timelines.find if created == _ALL else timelines.count
        found = find(conn, org, line, updated, limit, offset)
    kept = schema.BROADCASTS
    wanted: set[sql.Row] = {(org, id_) for id_ in found.ids}
    rows = sql.select(conn, kept.table, ("org", "id"), wanted, kept.columns)
    by_id = {one.id: one for one in map(kept.readable_row, rows)}
    clicked = _clicked(conn, org, found.ids)
    listed_ = [(by_id[id_], clicked.get(id_, Clicked())) for id_ in found.ids if id_ in by_id]
    return listed_, found.total


def _clicked(conn: Connection, org: int, ids: list[bytes]) -> dict[bytes, Clicked]:
    """The recorded clicks of each, from their tallies."""
    if not ids:
        return {}
    statement = Statement(conn)
    mark = statement.mark
    lists, keys = (", ".join(map(mark, some)) for some in (_COUNTED, ids))
    rows = statement.fetch(
        "SELECT list, key, word, CAST(sum(counted) AS BIGINT) FROM list_tallies"
        f"{statement.sql.by_index('list_tallies_of_key')} "
        f"WHERE org = {mark(org)} AND list IN ({lists}) AND key IN ({keys}) "
        f"AND level = {len(SLOTS) - 1} GROUP BY list, key, word"
    )
    found: dict[bytes, Clicked] = {}
    places: dict[bytes, list[tuple[str, str, int]]] = {}
    for name, key, word, counted in rows:
        one = found.get(bytes(key), Clicked())
        if name == list_tallies.CLICKS:
            one = one._replace(clicks=counted)
        elif name == list_tallies.CLICKERS:
            one = one._replace(contacts=counted)
        else:
            country, _, resource = word.partition(" ")
            places.setdefault(bytes(key), []).append((country, resource, counted))
        found[bytes(key)] = one
    for id_, its in places.items():
        its.sort(key=lambda place: (-place[2], *place))
        found[id_] = found[id_]._replace(places=tuple(its[:PLACES_MAX]))
    return found
