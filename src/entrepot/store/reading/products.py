"""Products with their variants, page by page. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from sqlalchemy import Connection

from entrepot.core import products as told
from entrepot.core.order import Variant
from entrepot.core.products import FullProduct, FullVariant, VariantDetails
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Row, Select, Statement
from entrepot.store.question import asked_in
from entrepot.store.schema.kept import AnyKept

# Products that are looked at for a page of those with a status.
LOOKED_AT: Final = 10_000
# Microseconds by which the clocks of two processes may differ.
_CLOCKS_DIFFER: Final = 3_600_000_000
_BY_ID: Final = ("org", "id")
_LIVE: Final = (told.ACTIVE, told.DRAFT, told.ARCHIVED)


class Wanted(NamedTuple):
    """Which products are wanted: behind an id, and with all that is told here."""

    after: bytes | None = None
    status: str | None = None
    handle: str | None = None
    skus: tuple[str, ...] = ()  # any of them, of a variant that is not deleted


class Page(NamedTuple):
    """Products in the order of their ids, and the id that the next page comes behind."""

    products: list[FullProduct]
    after: bytes | None


@asked_in("snapshot")
def product(conn: Connection, org: int, product_id: bytes) -> FullProduct | None:
    """The product with this id; None if the organization has none."""
    found = full(conn, org, [product_id])
    return found[0] if found else None


@asked_in("snapshot")
def variant(conn: Connection, org: int, variant_id: bytes) -> FullVariant | None:
    """The variant with this id, deleted or not, and all that is told of it."""
    wanted: set[Row] = {(org, variant_id)}
    kept = schema.VARIANTS
    found = sql.select(conn, kept.table, _BY_ID, wanted, kept.columns)
    return _detailed(conn, org, [kept.readable_row(found[0])])[0] if found else None


@asked_in("snapshot")
def detailed(conn: Connection, org: int, variants: list[Variant]) -> list[FullVariant]:
    """These variants, with all that is told of them."""
    return _detailed(conn, org, variants)


@asked_in("snapshot")
def page(conn: Connection, org: int, wanted: Wanted, limit: int) -> Page:
    """Up to `limit` products. A page of active ones may end early: see LOOKED_AT."""
    ids, after = _listed(conn, org, wanted, limit)
    found = {one.product.id: one for one in full(conn, org, ids)}
    return Page([found[id_] for id_ in ids], after)


@asked_in("snapshot")
def newest(
    conn: Connection, org: int, limit: int, statuses: Collection[str] = _LIVE
) -> list[FullProduct]:
    """Up to `limit` products with one of these statuses, the one that was changed last first."""
    found = _told(conn, org, limit, statuses, None)
    if told.ACTIVE in statuses:
        found += _untold(conn, org, limit, None, _last_of(found, limit))[0]
    return _whole(conn, org, sorted(found, reverse=True)[:limit])


@asked_in("snapshot")
def changed_before(
    conn: Connection, org: int, after: bytes, limit: int
) -> list[FullProduct] | None:
    """Up to `limit` products that are not deleted and come behind this one, the one that was
    changed last first; None where the organization does not have this one.

    A product that is changed meanwhile comes first again: no page misses one. The last page looks
    at every product that is older.
    """
    [*known] = full(conn, org, [after])
    if not known:
        return None
    at = (known[0].product.updated_at, after)
    found = _told(conn, org, limit, _LIVE, at)
    beyond: bytes | None = _bound(at[0])
    untold: list[tuple[int, bytes]] = []
    while beyond is not None and len(untold) < limit:
        some, beyond = _untold(conn, org, limit, beyond, _last_of(found, limit))
        untold += [one for one in some if one < at]
        if len(found) >= limit:
            break
    return _whole(conn, org, sorted(found + untold, reverse=True)[:limit])


def _bound(at: int) -> bytes:
    """Products that were made up to a time have smaller ids than this, which begin with the time;
    clocks may differ by a while.
    """
    return ((at + _CLOCKS_DIFFER) // 1_000).to_bytes(6, "big") + b"\xff" * 10


def _last_of(found: list[tuple[int, bytes]], limit: int) -> bytes:
    """Products that are no older than the last one of a page of these have greater ids than this;
    others cannot be on the page.
    """
    if len(found) < limit:
        return b""
    at = sorted(found, reverse=True)[limit - 1][0]
    return (max(at - _CLOCKS_DIFFER, 0) // 1_000).to_bytes(6, "big")


def _whole(conn: Connection, org: int, found: list[tuple[int, bytes]]) -> list[FullProduct]:
    by_id = {one.product.id: one for one in full(conn, org, [id_ for _, id_ in found])}
    return [by_id[id_] for _, id_ in found if id_ in by_id]


def _told(
    conn: Connection, org: int, limit: int, statuses: Collection[str],
    behind: tuple[int, bytes] | None,
) -> list[tuple[int, bytes]]:  # fmt: skip
    """When products were changed of which somebody told something, the last ones of each status,
    behind one.
    """
    found: list[tuple[int, bytes]] = []
    for status in statuses:
        statement = Statement(conn)
        mark = statement.mark
        where = f"p.org = {mark(org)} AND p.status = {mark(status)}"
        if behind is not None:
            where += f" AND (p.updated_at, p.id) < ({mark(behind[0])}, {mark(behind[1])})"
        rows = statement.fetch(
            f"SELECT p.updated_at, p.id FROM products AS p WHERE {where} "
            f"ORDER BY p.updated_at DESC, p.id DESC LIMIT {mark(limit)}"
        )
        found += [(at, bytes(id_)) for at, id_ in rows]
    return found


def _untold(
    conn: Connection, org: int, limit: int, beyond: bytes | None, last: bytes
) -> tuple[list[tuple[int, bytes]], bytes | None]:
    """The newest products of which nobody told anything, among the newest LOOKED_AT of all with
    smaller ids than `beyond` and greater ids than `last`; and the id beyond which the others are.
    """
    statement = Statement(conn)
    mark = statement.mark
    bounds = "" if beyond is None else f" AND t.id < {mark(beyond)}"
    bounds += f" AND t.id > {mark(last)}"
    rows = statement.fetch(
        "SELECT i.created_at, i.id FROM (SELECT t.org, t.id, t.created_at FROM items AS t "
        f"WHERE t.org = {mark(org)}{bounds} ORDER BY t.id DESC LIMIT {mark(LOOKED_AT)}) AS i "
        "WHERE NOT EXISTS (SELECT 1 FROM products AS p WHERE p.org = i.org AND p.id = i.id) "
        f"ORDER BY i.id DESC LIMIT {mark(limit)}"
    )
    found = [(at, bytes(id_)) for at, id_ in rows]
    if len(found) == limit:
        return found, found[-1][1]
    statement = Statement(conn)
    mark = statement.mark
    bounds = "" if beyond is None else f" AND t.id < {mark(beyond)}"
    bounds += f" AND t.id > {mark(last)}"
    further = statement.fetch(
        f"SELECT t.id FROM items AS t WHERE t.org = {mark(org)}{bounds} "
        f"ORDER BY t.id DESC LIMIT 1 OFFSET {mark(LOOKED_AT - 1)}"
    )
    return found, bytes(further[0][0]) if further else None


def full(conn: Connection, org: int, ids: Collection[bytes]) -> list[FullProduct]:
    """The products with these ids, in no order; an unknown id is passed over."""
    wanted: set[Row] = {(org, id_) for id_ in ids}
    if not wanted:
        return []
    kept: tuple[AnyKept, ...] = (schema.ITEMS, schema.PRODUCTS, schema.VARIANTS)
    keys = (_BY_ID, _BY_ID, ("org", "item_id"))
    items, products, variants = (
        list(map(one.readable_row, rows))
        for one, rows in zip(
            kept,
            sql.select_all(
                conn,
                [
                    Select(one.table, key, wanted, one.columns)
                    for one, key in zip(kept, keys, strict=True)
                ],
            ),
            strict=True,
        )
    )
    known = {one.id: one for one in products}
    its: dict[bytes, list[FullVariant]] = {}
    for one in _detailed(conn, org, variants):
        its.setdefault(one.variant.item_id, []).append(one)
    found: list[FullProduct] = []
    for item in items:
        variants_ = its.get(item.id, [])
        product_ = known.get(item.id) or told.untold(item, [one.variant for one in variants_])
        found.append(told.full(product_, variants_))
    return found


def _detailed(conn: Connection, org: int, variants: list[Variant]) -> list[FullVariant]:
    kept = schema.VARIANT_DETAILS
    wanted: set[Row] = {(org, one.id) for one in variants}
    rows = sql.select(conn, kept.table, _BY_ID, wanted, kept.columns) if wanted else []
    by_id: dict[bytes, VariantDetails] = {one.id: one for one in map(kept.readable_row, rows)}
    return [FullVariant(one, by_id.get(one.id) or told.undetailed(one)) for one in variants]


def _listed(
    conn: Connection, org: int, wanted: Wanted, limit: int
) -> tuple[list[bytes], bytes | None]:
    """The ids of a page, and the id that the next page comes behind."""
    if wanted.handle is not None or wanted.skus:
        rows = _named(conn, org, wanted)
    elif wanted.status in (None, told.ACTIVE):
        return _walked(conn, org, wanted, limit)
    else:
        rows = _with_status(conn, org, wanted, limit + 1)
    ids = [id_ for id_, status in rows if wanted.status in (None, status)]
    return (ids[:limit], ids[limit - 1]) if len(ids) > limit else (ids, None)


def _with_status(conn: Connection, org: int, wanted: Wanted, limit: int) -> list[tuple[bytes, str]]:
    """Ids and statuses of products that were told of."""
    statement = Statement(conn)
    mark = statement.mark
    rows = statement.fetch(
        f"SELECT p.id, p.status FROM products AS p WHERE p.org = {mark(org)} "
        f"AND p.status = {mark(wanted.status)} AND p.id > {mark(wanted.after or b'')} "
        f"ORDER BY p.id LIMIT {mark(limit)}"
    )
    return [(bytes(id_), status) for id_, status in rows]


def _walked(
    conn: Connection, org: int, wanted: Wanted, limit: int
) -> tuple[list[bytes], bytes | None]:
    """All products in the order of their ids, without those that have another status."""
    found: list[bytes] = []
    after, size, looked_at = wanted.after or b"", limit + 1, 0
    while looked_at < LOOKED_AT:
        window = _window(conn, org, after, size)
        found += [id_ for id_, status in window if wanted.status in (None, status)]
        if len(found) > limit:
            return found[:limit], found[limit - 1]
        if len(window) < size:
            return found, None
        after, looked_at, size = window[-1][0], looked_at + size, 4 * size
    return found, after


def _window(conn: Connection, org: int, after: bytes, size: int) -> list[tuple[bytes, str]]:
    """Ids and statuses of the next products behind an id."""
    statement = Statement(conn)
    mark = statement.mark
    rows = statement.fetch(
        "SELECT i.id, p.status FROM items AS i "
        "LEFT JOIN products AS p ON p.org = i.org AND p.id = i.id "
        f"WHERE i.org = {mark(org)} AND i.id > {mark(after)} ORDER BY i.id LIMIT {mark(size)}"
    )
    return [(bytes(id_), status or told.ACTIVE) for id_, status in rows]


def _named(conn: Connection, org: int, wanted: Wanted) -> list[tuple[bytes, str]]:
    """The product with a handle, or with a variant that has a SKU, or with both."""
    statement = Statement(conn)
    mark = statement.mark
    conditions = [f"i.org = {mark(org)}", f"i.id > {mark(wanted.after or b'')}"]
    if wanted.handle is not None:
        conditions.append(
            f"i.id IN (SELECT h.product_id FROM product_handles AS h WHERE h.org = {mark(org)} "
            f"AND h.handle = {mark(wanted.handle)})"
        )
    if wanted.skus:
        conditions.append(
            "i.id IN (SELECT v.item_id FROM variant_names AS n JOIN variants AS v "
            f"ON v.org = n.org AND v.id = n.variant_id WHERE n.org = {mark(org)} "
            f"AND n.kind = 'sku' AND n.value IN ({', '.join(map(mark, wanted.skus))}) "
            "AND v.deleted_at IS NULL)"
        )
    rows = statement.fetch(
        "SELECT i.id, p.status FROM items AS i "
        "LEFT JOIN products AS p ON p.org = i.org AND p.id = i.id "
        f"WHERE {' AND '.join(conditions)}"
    )
    return [(bytes(id_), status or told.ACTIVE) for id_, status in rows]
