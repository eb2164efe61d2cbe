"""Numbers and times in the order of commits, given by the organization's counter.

The row of `order_counters` has the numbers of an organization's newest order and newest event, and
the time of its last commit. Each batch that writes orders or events raises the row, and holds the
row's lock until the commit. So numbers have no gap, and a reader that sees a number sees all
numbers below it (docs/adr/0019, docs/adr/0030).
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection

from entrepot.core import committed
from entrepot.core.facts import Facts
from entrepot.core.invoices import INVOICES, Invoice
from entrepot.core.kinds import Key
from entrepot.core.order import Order
from entrepot.core.rows import Rows
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
    for org, new in groupby(sorted(rows.new), itemgetter(0)):
        orders.setdefault(org, []).extend(new)
    events = Counter([event.org for event in facts.events])
    wanted: list[Row] = [
        (org, len(orders.get(org, ())), events[org], facts.now)
        for org in sorted(orders.keys() | events.keys())
    ]
    taken: list[Row] = [(org, 0, 0) for org, *_ in wanted]
    billed = invoiced(facts)
    sqlite, postgres, types = _TAKE if billed is None else _TAKE_WITH_INVOICES
    if billed is not None:
        made = Counter([org for org, _ in billed.new])
        wanted = [(*row, made[row[0]]) for row in wanted]
    if sql_of(conn).numbers_first:
        taken = [sql.fetch(conn, sqlite, row)[0] for row in wanted]
        facts.committed.update((org, at) for org, _, _, at, *_ in taken)
    else:
        writes.add(Write("order_counters", None, postgres, types, wanted, name=TAKEN))
    if billed is not None:
        last_of = {row[0]: row[4] for row in taken if len(row) > 4}
        _number_invoices(billed, last_of, facts.committed)
    for org, last, *_ in taken:
        keys = orders.get(org, ())
        for given, key in enumerate(keys, last - len(keys) + 1):
            rows.now[key] = _numbered(rows.now[key], given)
    if facts.committed:
        committed.date(facts, rows.new | rows.dirty)
    return _logged(facts, {org: last - events[org] for org, _, last, *_ in taken})


def invoiced(facts: Facts) -> Rows[Key, Invoice] | None:
    """The invoices of the batch, if it makes or changes any. Batches of organizations without
    invoices are written by the same statements as ever.
    """
    rows = facts.made.get(INVOICES)
    return rows if rows is not None and (rows.new or rows.dirty) else None


def _number_invoices(
    rows: Rows[Key, Invoice], last_of: dict[int, int], committed: dict[int, int]
) -> None:
    """Number new invoices in the order of their ids, as orders are, up to the last of each
    organization; and date them with the commit, where it is known.
    """
    keys: dict[int, list[Key]] = {}
    for key in sorted(rows.new):
        keys.setdefault(key[0], []).append(key)
    for org, its in keys.items():
        for number_, key in enumerate(its, last_of.get(org, 0) - len(its) + 1):
            one = rows.now[key]._replace(number=number_)
            at = committed.get(org)
            rows.now[key] = one if at is None else one._replace(created_at=at, updated_at=at)


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
    last_invoice: dict[int, int] = {}
    for org, last[org], _, at, *more in returned[TAKEN]:
        facts.committed[org] = at
        last_invoice.update((org, number_) for number_ in more)
    if (billed := invoiced(facts)) is not None:
        _number_invoices(billed, last_invoice, facts.committed)
    orders = facts.orders
    for key in orders.new:
        order = orders.now[key]
        orders.now[key] = _numbered(order, order.number + last[order.org])
    committed.date(facts, orders.new | orders.dirty)


def _numbered(order: Order, number: int) -> Order:
    """The order with its number, its last member: nearly every order that is written takes this."""
    return tuple.__new__(Order, (*order[:-1], number))


def _taking(invoices: str, added: str) -> tuple[str, str, tuple[str, ...]]:
    """The statement on SQLite and on PostgreSQL, and the types of its arrays."""
    columns = f"org, orders, events, committed_at{invoices}"
    text = (
        f"INSERT INTO order_counters AS c ({columns}) {{}} "
        "ON CONFLICT (org) DO UPDATE SET orders = c.orders + excluded.orders, "
        f"events = c.events + excluded.events{added}, "
        "committed_at = {}(excluded.committed_at, c.committed_at + 1000) "
        f"RETURNING {columns}"
    )
    number_ = columns.count(",") + 1
    marks = ", ".join("?" * number_)
    sqlite = text.format(f"VALUES ({marks})", "max")
    return sqlite, text.format("SELECT * FROM {}", "greatest"), ("bigint",) * number_


_TAKE = _taking("", "")
_TAKE_WITH_INVOICES = _taking(", invoices", ", invoices = c.invoices + excluded.invoices")
TAKEN = "taken"
_NUMBER = ("number", "new.number + k.orders")
# Columns that PostgreSQL fills in: for a new order, a changed order, a row that bears an order's
# number, and an event.
MADE = Given(TAKEN, (_NUMBER, ("created_at", "k.committed_at"), ("updated_at", "k.committed_at")))
CHANGED = Given(TAKEN, (("updated_at", "k.committed_at"),))
NUMBERED = Given(TAKEN, (_NUMBER,))
# A new invoice.
BILLED = Given(
    TAKEN,
    (
        ("number", "new.number + k.invoices"), ("created_at", "k.committed_at"),
        ("updated_at", "k.committed_at"),
    ),
)  # fmt: skip
LOGGED = Given(TAKEN, (("number", "new.number + k.events"),))
