"""Numbers and times in the order of commits, given by the organization's counter.

The row of `order_counters` has the numbers of an organization's newest order and newest event, and
the time of its last commit. Each batch that writes orders or events raises the row, and holds the
row's lock until the commit. So numbers have no gap, and a reader that sees a number sees all
numbers below it (docs/adr/0019, docs/adr/0030).
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from entrepot.core.facts import Facts
from entrepot.core.kinds import Key
from entrepot.core.order import Order
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Row, Write, sql_of
from entrepot.store.writing.statements import Given
from entrepot.store.writing.writes import Writes


def number(conn: Connection, writes: Writes, facts: Facts) -> list[Row]:
    """Number the batch's new orders and its events, and date the commit. The rows of the events.

    Orders are numbered in the order of their ids, events in the order of the decisions.

    An organization's commits have rising times, the clock's or a millisecond more than the last
    one. On PostgreSQL the statement that writes the rows finds numbers and time out, so that the
    counter is locked for as short as can be. Until then a number says how far it comes behind the
    last one of its organization, from 0 downwards. `numbered` follows.
    """
    rows = facts.orders
    orders: dict[int, list[Key]] = {org: [] for org, _ in rows.dirty}
    for key in sorted(rows.new):
        orders.setdefault(key[0], []).append(key)
    events = Counter([event.org for event in facts.events])
    wanted = [
        (org, len(orders.get(org, ())), events[org], facts.now)
        for org in sorted(orders.keys() | events.keys())
    ]
    taken = [(org, 0, 0) for org, *_ in wanted]
    if sql_of(conn).numbers_first:
        found = [sql.fetch(conn, _TAKE_SQLITE, row)[0] for row in wanted]
        facts.committed.update((org, at) for org, _, _, at in found)
        taken = [(org, orders_last, events_last) for org, orders_last, events_last, _ in found]
    else:
        writes.add(Write("order_counters", None, _TAKE_POSTGRES, _TAKE_TYPES, wanted, name=TAKEN))
    for org, last, _ in taken:
        keys = orders.get(org, ())
        for given, key in enumerate(keys, last - len(keys) + 1):
            rows.now[key] = _numbered(rows.now[key], given)
    if facts.committed:
        facts.date(rows.new | rows.dirty)
    return _logged(facts, {org: last - events[org] for org, _, last in taken})


def _logged(facts: Facts, before: dict[int, int]) -> list[Row]:
    """The rows of the batch's events; `before` has the number of earlier events of each
    organization.
    """
    rows = []
    for event in facts.events:
        before[event.org] = given = before[event.org] + 1
        rows.append((*event[:-1], given))  # the number is the last member
    return rows


def numbered(returned: dict[str, list[Row]], facts: Facts) -> None:
    """Give the orders the numbers and times that PostgreSQL has written them with."""
    if TAKEN not in returned:
        return
    last: dict[int, int] = {}
    for org, last[org], _, at in returned[TAKEN]:
        facts.committed[org] = at
    orders = facts.orders
    for key in orders.new:
        order = orders.now[key]
        orders.now[key] = _numbered(order, order.number + last[order.org])
    facts.date(orders.new | orders.dirty)


def _numbered(order: Order, number: int) -> Order:
    """The order with its number, its last member: nearly every order that is written takes this."""
    return tuple.__new__(Order, (*order[:-1], number))


_TAKE = (
    "INSERT INTO order_counters AS c (org, orders, events, committed_at) {} "
    "ON CONFLICT (org) DO UPDATE SET orders = c.orders + excluded.orders, "
    "events = c.events + excluded.events, "
    "committed_at = {}(excluded.committed_at, c.committed_at + 1000) "
    "RETURNING org, orders, events, committed_at"
)
_TAKE_SQLITE = _TAKE.format("VALUES (?, ?, ?, ?)", "max")
_TAKE_POSTGRES = _TAKE.format("SELECT * FROM {}", "greatest")
_TAKE_TYPES = ("bigint",) * 4
TAKEN = "taken"
_NUMBER = ("number", "new.number + k.orders")
# Columns that PostgreSQL fills in: for a new order, a changed order, a row that bears an order's
# number, and an event.
MADE = Given(TAKEN, (_NUMBER, ("created_at", "k.committed_at"), ("updated_at", "k.committed_at")))
CHANGED = Given(TAKEN, (("updated_at", "k.committed_at"),))
NUMBERED = Given(TAKEN, (_NUMBER,))
LOGGED = Given(TAKEN, (("number", "new.number + k.events"),))
