"""Variants, locations, stock levels and the ledger, page by page. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core.kinds import Location
from entrepot.core.order import Level, StockEntry, Variant
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in

# Levels that are looked at for a page of low ones.
LOOKED_AT = 5_000


class LevelFilter(NamedTuple):
    """The levels that are wanted. `low`: of which nothing is free."""

    variant_id: bytes | None = None
    location_id: bytes | None = None
    low: bool = False
    after: tuple[bytes, bytes] | None = None  # the variant and the location behind which they are


class Levels(NamedTuple):
    """Levels, and the variant and location that the next page comes behind; None on the last."""

    levels: list[Level]
    after: tuple[bytes, bytes] | None


class Ledger(NamedTuple):
    """Entries, newest first, and the id that the next page comes behind; None on the last."""

    entries: list[StockEntry]
    after: bytes | None


def _listed(columns: tuple[str, ...], alias: str) -> str:
    return ", ".join([f'{alias}."{name}"' for name in columns])


@asked_in("one statement")
def variant(conn: Connection, org: int, variant_id: bytes) -> Variant | None:
    """The variant with this id; None if the organization has none."""
    kept = schema.VARIANTS
    found = sql.select(conn, kept.table, ("org", "id"), {(org, variant_id)}, kept.columns)
    return kept.readable_row(found[0]) if found else None


@asked_in("one statement")
def variants(
    conn: Connection, org: int, after: bytes | None, limit: int, skus: Sequence[str] = ()
) -> list[Variant]:
    """Up to `limit` variants behind an id, in the order of their ids; or those that the index has
    under one of these SKUs.
    """
    statement, kept = Statement(conn), schema.VARIANTS
    conditions = [f"v.org = {statement.mark(org)}", f"v.id > {statement.mark(after or b'')}"]
    if skus:
        named = f"SELECT n.variant_id FROM variant_names AS n WHERE n.org = {statement.mark(org)}"
        named += f" AND n.kind = 'sku' AND n.value IN ({', '.join(map(statement.mark, skus))})"
        conditions.append(f"v.id IN ({named})")
    found = statement.fetch(
        f"SELECT {_listed(kept.columns, 'v')} FROM variants AS v WHERE {' AND '.join(conditions)} "
        f"ORDER BY v.id LIMIT {statement.mark(limit)}"
    )
    return [kept.readable_row(row) for row in found]


@asked_in("one statement")
def locations(conn: Connection, org: int, after: bytes | None, limit: int) -> list[Location]:
    """Up to `limit` locations behind an id, in the order of their ids."""
    statement, kept = Statement(conn), schema.LOCATIONS
    conditions = f"l.org = {statement.mark(org)} AND l.id > {statement.mark(after or b'')}"
    found = statement.fetch(
        f"SELECT {_listed(kept.columns, 'l')} FROM locations AS l WHERE {conditions} "
        f"ORDER BY l.id LIMIT {statement.mark(limit)}"
    )
    return [kept.readable_row(row) for row in found]


@asked_in("snapshot")
def levels(conn: Connection, org: int, wanted: LevelFilter, limit: int) -> Levels:
    """Up to `limit` levels, by variant and location.

    A page of low ones may end early, for at most LOOKED_AT levels are looked at.
    """
    statement, kept = Statement(conn), schema.LEVELS
    looked_at = LOOKED_AT if wanted.low else limit + 1
    some = f"SELECT {_listed(kept.columns, 's')} {_of_shelves(statement, org, wanted)} "
    some += f"LIMIT {statement.mark(looked_at)}"
    if wanted.low:
        some = (
            f"SELECT * FROM ({some}) AS n WHERE n.on_hand <= n.reserved "
            f"ORDER BY n.variant_id, n.location_id LIMIT {statement.mark(limit + 1)}"
        )
    found = [kept.readable_row(row) for row in statement.fetch(some)]
    if len(found) > limit:
        last = found[limit - 1]
        return Levels(found[:limit], (last.variant_id, last.location_id))
    if not wanted.low:
        return Levels(found, None)
    rest = Statement(conn)
    rows = rest.fetch(
        f"SELECT s.variant_id, s.location_id {_of_shelves(rest, org, wanted)} "
        f"LIMIT 1 OFFSET {rest.mark(LOOKED_AT - 1)}"
    )
    return Levels(found, (bytes(rows[0][0]), bytes(rows[0][1])) if rows else None)


def _of_shelves(statement: Statement, org: int, wanted: LevelFilter) -> str:
    """Levels of the wanted shelves, low or not, in the order of the list."""
    mark = statement.mark
    conditions, index = [f"s.org = {mark(org)}"], ""
    if wanted.variant_id is not None:
        conditions.append(f"s.variant_id = {mark(wanted.variant_id)}")
    if wanted.location_id is not None:
        conditions.append(f"s.location_id = {mark(wanted.location_id)}")
        index = "" if wanted.variant_id else statement.sql.by_index("stock_levels_at")
    if wanted.after is not None:
        behind = ", ".join(map(mark, wanted.after))
        conditions.append(f"(s.variant_id, s.location_id) > ({behind})")
    ordered = "ORDER BY s.variant_id, s.location_id"
    return f"FROM stock_levels AS s{index} WHERE {' AND '.join(conditions)} {ordered}"


@asked_in("one statement")
def ledger(
    conn: Connection, org: int, variant_id: bytes | None, after: bytes | None, limit: int
) -> Ledger:
    """Up to `limit` entries behind an id, newest first; of one variant, or of all."""
    statement, kept = Statement(conn), schema.ENTRIES
    conditions, index = [f"e.org = {statement.mark(org)}"], ""
    if variant_id is not None:
        conditions.append(f"e.variant_id = {statement.mark(variant_id)}")
        index = statement.sql.by_index("stock_entries_of_variant")
    if after is not None:
        conditions.append(f"e.id < {statement.mark(after)}")
    rows = statement.fetch(
        f"SELECT {_listed(kept.columns, 'e')} FROM stock_entries AS e{index} "
        f"WHERE {' AND '.join(conditions)} ORDER BY e.id DESC LIMIT {statement.mark(limit + 1)}"
    )
    entries = [kept.readable_row(row) for row in rows[:limit]]
    return Ledger(entries, entries[-1].id if len(rows) > limit else None)
