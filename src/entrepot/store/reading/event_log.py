"""The organization's log: its events by their numbers (docs/adr/0030).

A reader remembers the number of the last event that it has read, and asks for what follows. An
event with a smaller number never comes later.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, select

from entrepot.core.order import Event
from entrepot.store import schema
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in


def after_statement(org: int, number: int, limit: int) -> Select[Any]:
    """The first `limit` events of an organization behind the one with this number."""
    c = schema.events.c
    statement = select(*[c[name] for name in schema.EVENTS.columns])
    return statement.where(c.org == org, c.number > number).order_by(c.org, c.number).limit(limit)


def after(conn: Connection, org: int, number: int, limit: int) -> list[Event]:
    """The first `limit` events behind the one with this number, oldest first.

    Numbers that are left out belong to events that the archive has.
    """
    return [
        schema.EVENTS.readable_row(tuple(row))
        for row in conn.execute(after_statement(org, number, limit))
    ]


def newest(conn: Connection, org: int) -> int:
    """The number of an organization's newest event; 0 where it has had none."""
    c = schema.order_counters.c
    found = conn.execute(select(c.events).where(c.org == org)).scalar_one_or_none()
    return found or 0


@asked_in("snapshot")
def following(conn: Connection, org: int, number: int, limit: int) -> list[Event]:
    """See `after`."""
    return after(conn, org, number, limit)


@asked_in("one statement")
def of_order(conn: Connection, org: int, order_id: bytes, seq: int, limit: int) -> list[Event]:
    """The first `limit` events of an order behind the one with this `seq`, oldest first."""
    statement = Statement(conn)
    columns = ", ".join(f'e."{name}"' for name in schema.EVENTS.columns)
    conditions = f"e.org = {statement.mark(org)} AND e.subject_id = {statement.mark(order_id)}"
    found = statement.fetch(
        f"SELECT {columns} FROM events AS e WHERE {conditions} AND e.seq > {statement.mark(seq)} "
        f"ORDER BY e.seq LIMIT {statement.mark(limit)}"
    )
    return [schema.EVENTS.readable_row(row) for row in found]
