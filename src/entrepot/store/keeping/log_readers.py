"""Readers of the organizations' logs of events, which keep what is not written with the orders.

A reader has a row in `sweeps` for each organization. One process at a time reads a log: the row's
fence lets only the faster one write.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.store.engines import sql
from entrepot.store.keeping.retention import SWEEP, Sweep

# Asked twice a second for each reader, also while nothing happens.
_BEHIND = (
    f"SELECT c.org, {', '.join(f's.{name}' for name in SWEEP[2:])} "
    "FROM order_counters AS c LEFT JOIN sweeps AS s ON s.org = c.org AND s.kind = $1 "
    "WHERE c.org > $2 AND (s.reached_at IS NULL OR c.events > s.reached_at{}) "
    "ORDER BY c.org LIMIT $3"
)
_ORDERS_TOO = " OR c.orders > s.horizon"


class Step(NamedTuple):
    """The place of a reader after a step. `ended`: nothing is left to read."""

    sweep: Sweep
    ended: bool


def behind(
    conn: Connection, kind: str, after_org: int, limit: int, *, orders_too: bool = False
) -> list[Sweep]:
    """Readers of a kind that have not come to the end of their organization's log, by organization.

    `orders_too`: or not to the newest order, up to whose number the reader's horizon says.
    """
    text = _BEHIND.format(_ORDERS_TOO if orders_too else "")
    found = sql.fetch(conn, text, (kind, after_org, limit))
    return [Sweep(org, kind) if row[0] is None else Sweep(org, kind, *row) for org, *row in found]
