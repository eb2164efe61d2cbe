"""An organization's allocation of stock, which its shelves have as well."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, update

from entrepot.core.order import Level
from entrepot.store import schema

_orgs, _levels = schema.organizations, schema.stock_levels


def oversold(conn: Connection, org: int, limit: int) -> list[Level]:
    """Up to `limit` of the organization's shelves that HARD allocation does not allow."""
    c = _levels.c
    statement = select(*[c[name] for name in schema.LEVELS.columns])
    statement = statement.where(c.org == org, or_(c.reserved > c.on_hand, c.on_hand < 0))
    ordered = statement.order_by(c.variant_id, c.location_id).limit(limit)
    return [schema.LEVELS.from_row(tuple(row)) for row in conn.execute(ordered)]


def write(conn: Connection, org: int, *, hard: bool) -> None:
    """Have the organization and all its shelves be HARD, or SOFT."""
    word = "HARD" if hard else "SOFT"
    conn.execute(update(_orgs).where(_orgs.c.org == org).values(allocation=word))
    conn.execute(update(_levels).where(_levels.c.org == org).values(soft=not hard))
