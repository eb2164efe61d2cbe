"""Keeping the terms by which orders are searched: a slice of orders and of their log at a time.

New orders are taken by their numbers, amended ones by their events. So a book of any age is read
from its first order on, and events that are in the archive are not missed. What is written follows
from the orders as they now are: a step that is repeated changes nothing more.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection

from entrepot.core.order import Announced
from entrepot.core.order_terms import CHANGING, Said
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Row
from entrepot.store.keeping import log_readers
from entrepot.store.keeping.log_readers import Step
from entrepot.store.keeping.retention import Sweep, save
from entrepot.store.reading import order_terms
from entrepot.store.reading.order_terms import SEARCH
from entrepot.store.writing import announced
from entrepot.store.writing.writes import Writes

_KEY = ("org", "number", "term")
_COUNTED = "SELECT orders, events FROM order_counters WHERE org = $1"
# The orders behind the reader's horizon, up to a number.
_ORDERS = (
    f"SELECT {', '.join(order_terms.READ)} FROM orders "
    "WHERE org = $1 AND number > $2 AND number <= $3"
)
# The orders that events between two numbers may have given other terms.
_CHANGED = (
    "SELECT DISTINCT subject_id FROM events WHERE org = $1 AND number > $2 AND number <= $3 "
    f"AND type IN ({sql.words(CHANGING)})"
)


class Slices(NamedTuple):
    """How many orders and how many events a step takes at most."""

    orders: int = 200
    events: int = 500


class Read(NamedTuple):
    """What a step has read: which terms come and which go, and where the reader then is.

    Two processes may have written an order and its announcement at once, and neither has seen the
    other's. The reader sees both.
    """

    step: Step
    new: list[Row]
    gone: list[Row]
    announced: list[Announced]  # that are still, although their orders are among those read


def behind(conn: Connection, after_org: int, limit: int) -> list[Sweep]:
    """Readers that have something to read, by organization."""
    return log_readers.behind(conn, SEARCH, after_org, limit, orders_too=True)


def read(conn: Connection, sweep: Sweep, slices: Slices) -> Read:
    """Read the next slice; nothing is written. A reader that begins has no events to catch up on:
    all orders are taken as they now are.
    """
    [(all_orders, all_events)] = sql.fetch(conn, _COUNTED, (sweep.org,))
    events = all_events if sweep.fence == 0 else sweep.reached_at
    moved = sweep._replace(
        fence=sweep.fence + 1,
        horizon=min(all_orders, sweep.horizon + slices.orders),
        reached_at=min(all_events, events + slices.events),
    )
    found = sql.fetch(conn, _ORDERS, (sweep.org, sweep.horizon, moved.horizon))
    rows: dict[Any, Row] = {row[0]: row for row in map(tuple, found)}
    for row in _amended(conn, sweep.org, events, moved.reached_at):
        if row[0] <= sweep.horizon:
            rows[row[0]] = row
    now = order_terms.now(conn, sweep.org, list(rows.values()))
    after = {(sweep.org, number, term) for number, terms in now.items() for term in terms}
    wanted: set[Row] = {(sweep.org, number) for number in rows}
    kept = sql.select(conn, schema.order_terms, _KEY[:2], wanted, _KEY)
    before = {(org, number, bytes(term)) for org, number, term in kept}
    ended = (moved.horizon, moved.reached_at) == (all_orders, all_events)
    names = {name for row in rows.values() for name in Said(*row[2:]).names()}
    told = announced.meant(conn, sweep.org, names)
    return Read(Step(moved, ended), sorted(after - before), sorted(before - after), told)


def write(conn: Connection, read_: Read) -> None:
    """Write what a step has read. Raises Conflict where another process was faster."""
    moved = read_.step.sweep
    writes = Writes()
    save(writes, moved, moved.fence - 1)
    writes.delete(schema.order_terms, _KEY, read_.gone)
    writes.insert(schema.order_terms, _KEY, read_.new)
    writes.run(conn)


def _amended(conn: Connection, org: int, after: int, last: int) -> list[Row]:
    if after >= last:
        return []
    wanted: set[Row] = {(org, row[0]) for row in sql.fetch(conn, _CHANGED, (org, after, last))}
    return sql.select(conn, schema.orders, ("org", "id"), wanted, order_terms.READ)
