"""What is asked and done about contacts, touches and lists by time, among twins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete
from tests.store.verify_book_contacts import CAMPAIGN

from entrepot.core.between import Between
from entrepot.store import schema
from entrepot.store.keeping import contacts as following
from entrepot.store.keeping.retention import CONTACTS, Sweep
from entrepot.store.reading import contacts, timelines, touches

Ids = dict[str, bytes]
ORG = 1
_ALL = Between()


def _pages(conn: Connection, _: Ids) -> list[Any]:
    return [
        contacts.page(conn, ORG, words, bounds, 9, 0)
        for words in ((), ("ada",), ("ada@", "ad"))
        for bounds in (_ALL, Between(0, 1 << 60))
    ]


def _clicks(conn: Connection, ids: Ids) -> list[Any]:
    return [
        touches.clicks(conn, ORG, contact, origin, Between(0), limit=9, offset=0)
        for contact in (None, ids["ada"])
        for origin in (None, CAMPAIGN)
    ]


def _followed(conn: Connection, _: Ids) -> Any:
    tables = ("contact_terms", "contact_orders", "contacts", "click_contacts")
    for table in [getattr(schema, name) for name in tables]:
        conn.execute(delete(table).where(table.c.org == ORG))
    sweeps = schema.sweeps.c
    its = schema.sweeps.select().where(sweeps.org == ORG, sweeps.kind == CONTACTS)
    reader = Sweep(*conn.execute(its).one())
    return following.follow(conn, reader._replace(reached_at=0), 10_000)


ASKED_CONTACTS = {
    "contacts.page": _pages,
    "timelines.count": lambda c, _: timelines.count(c, ORG, contacts.BY_MAKING, _ALL, 9, 0),
    "timelines.find": lambda c, _: timelines.find(c, ORG, contacts.BY_CHANGE, Between(0), 9, 0),
    "touches.clicks": _clicks,
    "touches.listed": lambda conn, _: touches.listed(conn, ORG, None, 9),
}
DONE_CONTACTS = {"contacts.follow": _followed}
