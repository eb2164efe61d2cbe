"""What is asked and done about contacts, touches and lists by time, among twins."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from tests.store.twins_products import value_anew
from tests.store.verify_book_contacts import CAMPAIGN

from entrepot.core.attributing import Asked
from entrepot.core.between import Between
from entrepot.core.invoices import InvoiceFilter
from entrepot.store import schema
from entrepot.store.keeping import attributions as crediting
from entrepot.store.keeping import contacts as following
from entrepot.store.keeping import merging
from entrepot.store.keeping.retention import CONTACTS, Sweep
from entrepot.store.reading import (
    attributions,
    broadcasts,
    contacts,
    integrations,
    invoices,
    partners,
    timelines,
    touches,
)
from entrepot.store.writing.writes import Writes

Ids = dict[str, bytes]
ORG = 1
_ALL = Between()


def _pages(conn: Connection, _: Ids) -> list[Any]:
    return [
        contacts.page(conn, ORG, words, bounds, 9, 0)
        for words in ((), ("ada",), ("ada@", "ad"), ("theirs",), ("ada", "theirs"))
        for bounds in (_ALL, Between(0, 1 << 60))
    ]


def _clicks(conn: Connection, ids: Ids) -> list[Any]:
    return [
        touches.clicks(conn, ORG, contact, origin, Between(0), limit=9, offset=0)
        for contact in (None, ids["ada"])
        for origin in (None, CAMPAIGN)
    ]


def _followed(conn: Connection, _: Ids) -> Any:
    tables = ("attributions", "contact_terms", "contact_orders", "contacts", "click_contacts")
    for table in [getattr(schema, name) for name in tables]:
        conn.execute(delete(table).where(table.c.org == ORG))
    sweeps = schema.sweeps.c
    its = schema.sweeps.select().where(sweeps.org == ORG, sweeps.kind == CONTACTS)
    reader = Sweep(*conn.execute(its).one())
    return following.follow(conn, reader._replace(reached_at=0), 10_000, 7)


def _credits(conn: Connection, ids: Ids) -> list[Any]:
    asked = (
        Asked(), Asked(type="MAIN"), Asked(origin="ai"), Asked(origin_ids=(CAMPAIGN,)),
        Asked(contact=ids["ada"]),
    )  # fmt: skip
    return [attributions.page(conn, ORG, one, _ALL, limit=9, offset=0) for one in asked]


def _credited(conn: Connection, ids: Ids) -> Any:
    org, made = schema.attributions.c.org, schema.attributions
    conn.execute(delete(made).where(org == ORG, made.c.type == "MAIN"))
    owned = crediting.owned_by(conn, ORG, {ids["ada"]: 0})
    writes, counted = Writes(), Counter[Any]()
    crediting.credit(conn, ORG, writes, counted, owned, set(), 7)
    writes.run(conn)
    return sorted(counted.items())


def _broadcasts(conn: Connection, _: Ids) -> list[Any]:
    both = (_ALL, Between(0))
    return [
        broadcasts.page(conn, ORG, created, updated, limit=9, offset=0)
        for created in both
        for updated in both
    ]


def _invoices(conn: Connection, _: Ids) -> list[Any]:
    asked = (
        InvoiceFilter(), InvoiceFilter(0, "OVERDUE"), InvoiceFilter(None, None, "xero.no", "7"),
        InvoiceFilter(None, None, "xero.no", None, False),
    )  # fmt: skip
    return [invoices.page(conn, ORG, one, limit=9, offset=0) for one in asked]


def _mergeable(conn: Connection, ids: Ids) -> Any:
    """Two orders of one buyer as they are before they become one."""
    both = [ids["confirmed"], ids["waits"]]
    order, owned = schema.orders.c, schema.contact_orders.c
    stand = {
        "stage": "confirmed", "payment": "none", "fulfilment": "accepted", "expected_at": 7,
        "customer_id": ids["ada"], "origin": "polinate", "currency": "EUR", "told_words": "",
        "payment_provider": None, "payment_reference": None, "sender_words": None, "tax": 0,
        "parked": False, "shipped_at": None, "delivered_at": None, "properties": None,
        "delivery_address": None, "address": None, "channel": None, "metadata": None,
    }  # fmt: skip
    conn.execute(update(schema.orders).where(order.org == ORG, order.id.in_(both)).values(stand))
    lines = schema.order_lines
    conn.execute(delete(lines).where(lines.c.org == ORG, lines.c.order_id == both[0]))
    conn.execute(delete(schema.contact_orders).where(owned.org == ORG, owned.order_id.in_(both)))
    rows = [
        {"org": ORG, "order_id": id_, "customer_id": ids["ada"], "window_days": 30} for id_ in both
    ]
    conn.execute(insert(schema.contact_orders), rows)
    chosen = schema.organization_settings
    conn.execute(update(chosen).where(chosen.c.org == ORG).values(merging_since=0))
    return merging.pair(conn, ORG, both[1])


def _begins(conn: Connection, _: Ids) -> Any:
    at, chosen = schema.events.c, schema.organization_settings
    tenth = select(at.at).where(at.org == ORG, at.number == 10)
    since = conn.execute(tenth).scalar_one() + 1
    conn.execute(update(chosen).where(chosen.c.org == ORG).values(merging_since=since))
    return merging.begins(conn, ORG, 0)


ASKED_CONTACTS = {
    "merging.begins": _begins,
    "merging.confirmed": lambda conn, _: merging.confirmed(conn, ORG, 0, 999),
    "merging.pair": _mergeable,
    "invoices.invoice": lambda conn, ids: invoices.invoice(conn, ORG, ids["invoice"]),
    "invoices.listed": lambda conn, _: invoices.listed(conn, ORG, None, 9),
    "invoices.of_order": lambda conn, ids: invoices.of_order(conn, ORG, ids["billed"]),
    "invoices.page": _invoices,
    "integrations.connections": lambda conn, _: integrations.connections(conn, ORG),
    "integrations.rejected": lambda conn, _: integrations.rejected(conn, ORG, 9),
    "integrations.told": lambda conn, _: [
        integrations.told(conn, ORG, "conn-1", one) for one in ("shop-1", "shop-2", "shop-3")
    ],
    "broadcasts.broadcast": lambda conn, _: broadcasts.broadcast(conn, ORG, CAMPAIGN),
    "broadcasts.listed": lambda conn, _: broadcasts.listed(conn, ORG, None, 9),
    "broadcasts.page": _broadcasts,
    "attributions.owned_by": lambda c, ids: sorted(crediting.owned_by(c, ORG, {ids["ada"]: 0})),
    "attributions.page": _credits,
    "attributions.window": lambda conn, _: crediting.window(conn, ORG),
    "contacts.page": _pages,
    "timelines.count": lambda c, _: timelines.count(c, ORG, contacts.BY_MAKING, _ALL, 9, 0),
    "timelines.find": lambda c, _: timelines.find(c, ORG, contacts.BY_CHANGE, Between(0), 9, 0),
    "partners.listed": lambda conn, _: [
        partners.listed(conn, ORG, terms, None, 9)
        for terms in ((), ("ada@example.org",), ("acme", "cafe"), ("theirs",))
    ],
    "partners.partner": lambda conn, ids: [
        partners.partner(conn, ORG, ids[name]) for name in ("ada", "buyer")
    ],
    "touches.clicks": _clicks,
    "touches.listed": lambda conn, _: touches.listed(conn, ORG, None, 9),
}
DONE_CONTACTS = {
    "attributions.credit": _credited, "contacts.follow": _followed, "costing.value": value_anew,
}  # fmt: skip
