"""Price lists and their entries, page by page. Nothing here writes.

The default list is not among them: each variant has its own price there.
"""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.order import Variant
from entrepot.core.price_lists import ListEntry, PriceList
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in


@asked_in("one statement")
def price_list(conn: Connection, org: int, list_id: bytes) -> PriceList | None:
    """The list with this id; None if the organization has none, and for the default one."""
    kept = schema.PRICE_LISTS
    found = sql.select(conn, kept.table, ("org", "id"), {(org, list_id)}, kept.columns)
    of: PriceList | None = kept.readable_row(found[0]) if found else None
    return None if of is None or of.version is None else of


@asked_in("one statement")
def listed(conn: Connection, org: int, after: bytes | None, limit: int) -> list[PriceList]:
    """Up to `limit` lists with smaller ids than this one, in descending order of ids."""
    statement, kept = Statement(conn), schema.PRICE_LISTS
    columns = ", ".join(f'l."{name}"' for name in kept.columns)
    before = "" if after is None else f" AND l.id < {statement.mark(after)}"
    found = statement.fetch(
        f"SELECT {columns} FROM item_lists AS l WHERE l.org = {statement.mark(org)}{before} "
        f"AND l.version IS NOT NULL ORDER BY l.id DESC LIMIT {statement.mark(limit)}"
    )
    return [kept.readable_row(row) for row in found]


@asked_in("snapshot")
def entries(
    conn: Connection, org: int, list_id: bytes, after: bytes | None, limit: int
) -> tuple[PriceList, list[tuple[ListEntry, Variant]]] | None:
    """The list, and up to `limit` of its entries of variants with greater ids than this one, in
    the order of these ids; None if the organization has no such list.
    """
    of = price_list(conn, org, list_id)
    if of is None:
        return None
    statement, kept = Statement(conn), schema.LIST_ENTRIES
    columns = ", ".join(f'e."{name}"' for name in kept.columns)
    mark = statement.mark
    found = statement.fetch(
        f"SELECT {columns} FROM item_list_entries AS e WHERE e.org = {mark(org)} "
        f"AND e.list_id = {mark(list_id)} AND e.variant_id > {mark(after or b'')} "
        f"AND e.removed_at IS NULL ORDER BY e.variant_id LIMIT {mark(limit)}"
    )
    its = [kept.readable_row(row) for row in found]
    keys: set[sql.Row] = {(org, one.variant_id) for one in its}
    sold = schema.VARIANTS
    rows = sql.select(conn, sold.table, ("org", "id"), keys, sold.columns) if keys else []
    variants = {one.id: one for one in map(sold.readable_row, rows)}
    return of, [(one, variants[one.variant_id]) for one in its]
