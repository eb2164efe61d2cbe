"""Searching orders by their terms, and keeping the terms, among twins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, literal, select, update

from entrepot.core.order_filter import OrderFilter
from entrepot.store import schema
from entrepot.store.keeping import search as keeping
from entrepot.store.keeping.retention import SEARCH, Sweep
from entrepot.store.reading import order_terms, search

Ids = dict[str, bytes]
ORG = 1


def lie_of_terms(conn: Connection, twins: tuple[int, ...]) -> None:
    """Have the twins' contacts and orders be found by a text that the organization does not know,
    the orders by other numbers, as they have them from now on.
    """
    theirs = schema.contacts.c
    named = select(theirs.org, literal(b"theirs"), theirs.id).where(theirs.org.in_(twins))
    columns = ["org", "term", "customer_id"]
    conn.execute(insert(schema.contact_terms).from_select(columns, named))
    table = schema.order_terms
    of_twins = table.c.org.in_(twins)
    same = select(table.c.org, table.c.number, literal(b"theirs")).distinct().where(of_twins)
    conn.execute(insert(table).from_select(["org", "number", "term"], same))
    conn.execute(update(table).where(of_twins).values(number=table.c.number + 100_000))


def _searched(conn: Connection, _: Ids) -> list[Any]:
    """Found by kept terms, and by what orders say that nobody has read."""
    texts = ("ada", "ada k-1", "ada@example.org", "mug", "ref", "k-2", "#3", "theirs", "a")
    wanted = [OrderFilter(text=text) for text in texts]
    wanted.append(OrderFilter(text="a", stages=("confirmed", "draft")))
    kept = [search.find(conn, ORG, one, 9) for one in wanted]
    sweep = schema.sweeps.c
    conn.execute(delete(schema.sweeps).where(sweep.org == ORG, sweep.kind == SEARCH))
    return [kept, [search.find(conn, ORG, one, 9) for one in wanted]]


def _terms(conn: Connection, ids: Ids) -> list[Any]:
    columns = [schema.orders.c[name] for name in order_terms.READ]
    its = schema.orders.select().with_only_columns(*columns)
    rows = conn.execute(its.where(schema.orders.c.org == ORG, schema.orders.c.id == ids["told"]))
    return sorted(map(sorted, order_terms.now(conn, ORG, list(map(tuple, rows))).values()))


def _kept(conn: Connection, _: Ids) -> list[Any]:
    """The terms of all orders, made once more."""
    table, sweeps = schema.order_terms, schema.sweeps.c
    conn.execute(delete(table).where(table.c.org == ORG))
    its = schema.sweeps.select().where(sweeps.org == ORG, sweeps.kind == SEARCH)
    reader = Sweep(*conn.execute(its).one())
    read = keeping.read(
        conn, reader._replace(horizon=0, reached_at=0), keeping.Slices(10_000, 10_000)
    )
    keeping.write(conn, read)
    return [read.new, read.gone]


ASKED_SEARCH = {"order_terms.now": _terms, "search.find": _searched}
DONE_SEARCH = {"search.read": _kept}
