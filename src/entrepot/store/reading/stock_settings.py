"""How an organization runs its stock, and its drafts of purchases. Nothing here writes."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core.stock_settings import PurchaseDraft, StockSettings
from entrepot.store import schema
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in


class Told(NamedTuple):
    """The settings of an organization, and whether its allocation is HARD."""

    settings: StockSettings
    hard: bool


class Run(NamedTuple):
    """How an organization runs its stock; `settings` is None where nobody has told any."""

    settings: StockSettings | None
    hard: bool


def _listed(columns: tuple[str, ...], alias: str) -> str:
    return ", ".join([f'{alias}."{name}"' for name in columns])


@asked_in("one statement")
def told(conn: Connection, org: int) -> Told | None:
    """The settings; None where nobody has told any."""
    settings, hard = run(conn, org)
    return None if settings is None else Told(settings, hard)


@asked_in("one statement")
def run(conn: Connection, org: int) -> Run:
    """How the organization runs its stock, whether anybody has told settings or not."""
    statement, kept = Statement(conn), schema.STOCK_SETTINGS
    found = statement.fetch(
        f"SELECT o.allocation, {_listed(kept.columns, 's')} FROM organizations AS o "
        f"LEFT JOIN stock_settings AS s ON s.org = o.org WHERE o.org = {statement.mark(org)}"
    )
    allocation, *row = found[0]
    settings = None if row[0] is None else kept.readable_row(tuple(row))
    return Run(settings, allocation == "HARD")


@asked_in("one statement")
def drafts(
    conn: Connection, org: int, after: tuple[bytes, bytes] | None, limit: int
) -> list[PurchaseDraft]:
    """Up to `limit` drafts, by variant and location, behind those of a shelf."""
    statement, kept = Statement(conn), schema.PURCHASE_DRAFTS
    mark = statement.mark
    conditions = [f"d.org = {mark(org)}"]
    if after is not None:
        conditions.append(f"(d.variant_id, d.location_id) > ({', '.join(map(mark, after))})")
    found = statement.fetch(
        f"SELECT {_listed(kept.columns, 'd')} FROM purchase_drafts AS d "
        f"WHERE {' AND '.join(conditions)} ORDER BY d.variant_id, d.location_id "
        f"LIMIT {mark(limit)}"
    )
    return [kept.readable_row(row) for row in found]
