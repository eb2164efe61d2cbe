"""Readers of the organizations' logs of events, which keep what is not written with the orders.

A reader has a row in `sweeps` for each organization. One process at a time reads a log: the row's
fence lets only the faster one write.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, and_, or_, select

from entrepot.store import schema
from entrepot.store.keeping.retention import SWEEP, Sweep


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
    c, s = schema.order_counters.c, schema.sweeps.c
    its = and_(s.org == c.org, s.kind == kind)
    columns = [s[name] for name in SWEEP[2:]]
    statement = select(c.org, *columns).join_from(
        schema.order_counters, schema.sweeps, its, isouter=True
    )
    unread = [s.reached_at.is_(None), c.events > s.reached_at]
    if orders_too:
        unread.append(c.orders > s.horizon)
    statement = statement.where(c.org > after_org, or_(*unread))
    found = conn.execute(statement.order_by(c.org).limit(limit))
    return [Sweep(org, kind) if row[0] is None else Sweep(org, kind, *row) for org, *row in found]
