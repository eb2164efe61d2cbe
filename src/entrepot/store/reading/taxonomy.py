"""Categories, brands, attributes, groups of attributes and templates. Nothing here writes."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.taxonomy import Taxon
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in


@asked_in("snapshot")
def listed(
    conn: Connection, org: int, kind: str, after: bytes | None, limit: int
) -> list[Taxon] | None:
    """Up to `limit` of a kind in the order of their lists, behind the one with the id `after`.

    None where the organization has no such id.
    """
    last = None if after is None else _one(conn, org, kind, after)
    if after is not None and last is None:
        return None
    statement, kept = Statement(conn), schema.TAXA
    mark = statement.mark
    where = f"t.org = {mark(org)} AND t.kind = {mark(kind)}"
    if last is not None:
        where += f" AND (t.sorted_by, t.id) > ({mark(last.sorted_by)}, {mark(last.id)})"
    columns = ", ".join([f't."{name}"' for name in kept.columns])
    found = statement.fetch(
        f"SELECT {columns} FROM taxa AS t WHERE {where} "
        f"ORDER BY t.sorted_by, t.id LIMIT {mark(limit)}"
    )
    return [kept.readable_row(row) for row in found]


def _one(conn: Connection, org: int, kind: str, taxon_id: bytes) -> Taxon | None:
    kept = schema.TAXA
    found = sql.select(conn, kept.table, ("org", "id"), {(org, taxon_id)}, kept.columns)
    one = kept.readable_row(found[0]) if found else None
    return one if one is not None and one.kind == kind else None
