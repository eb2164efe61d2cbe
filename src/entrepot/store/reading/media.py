"""Media of products and variants. Nothing here writes."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.media import Medium
from entrepot.store import schema
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in


@asked_in("snapshot")
def listed(
    conn: Connection,
    org: int,
    limit: int,
    *,
    product_id: bytes | None = None,
    variant_id: bytes | None = None,
) -> list[Medium]:
    """Up to `limit` media by their order: of the product or the variant, whichever matches; of all
    where neither is named.
    """
    named = {"product_id": product_id, "variant_id": variant_id}
    wanted: list[tuple[str, bytes] | None] = [
        (name, id_) for name, id_ in named.items() if id_ is not None
    ]
    found: dict[bytes, Medium] = {}
    for owner in wanted or [None]:
        found.update((one.id, one) for one in _sorted(conn, org, limit, owner))
    return sorted(found.values(), key=lambda one: (one.sort_order, one.id))[:limit]


def _sorted(
    conn: Connection, org: int, limit: int, owner: tuple[str, bytes] | None
) -> list[Medium]:
    statement, kept = Statement(conn), schema.MEDIA
    mark = statement.mark
    where = f"m.org = {mark(org)}"
    if owner is not None:
        where += f" AND m.{owner[0]} = {mark(owner[1])}"
    columns = ", ".join([f'm."{name}"' for name in kept.columns])
    rows = statement.fetch(
        f"SELECT {columns} FROM media AS m WHERE {where} "
        f"ORDER BY m.sort_order, m.id LIMIT {mark(limit)}"
    )
    return [kept.readable_row(row) for row in rows]
