"""A book in which two more organizations have the rows of the first one under other numbers: the
same ids, keys, numbers, references and names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, delete, insert, select, update
from tests.store.twins_contacts import ASKED_CONTACTS
from tests.store.twins_payments import ASKED_PAYMENTS
from tests.store.twins_products import ASKED_PRODUCTS
from tests.store.twins_search import ASKED_SEARCH, lie_of_terms
from tests.store.verify_book import SECOND, START, key_of, operation_key

from entrepot.core.decide.notify import fetch_job_id
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.needs import Needs
from entrepot.core.order_filter import OrderFilter
from entrepot.core.webhooks import delivery_id
from entrepot.store import accounts, catalogue, schema
from entrepot.store.keeping import holds, retention
from entrepot.store.reading import (
    answers,
    audit,
    booked,
    event_log,
    explaining,
    goods,
    keys,
    keyset,
    lists,
    organization,
    property_lists,
    queries,
    span_walk,
    stock_settings,
    stock_watch,
    waiting,
    webhooks,
    whole_orders,
)
from entrepot.store.writing import allocation, announced, order_names, queue, working_set

ORG = 1
# One before the organization and one behind it, in the order of the tables; neither is a number
# that the book gives to the next organization.
TWINS = (0, 1 << 60)
Rows = dict[str, list[tuple[Any, ...]]]
Ids = dict[str, bytes]
Work = Callable[[Connection, Ids], Any]

NOW = START + 10**12
# An order that was announced while the organization had no source.
JOBLESS = "jobless"
THEIRS = b"\7" * 16
_THEIR_TEXTS = (dashed(THEIRS), "#9999", "theirs", "by-id", "by-reference", "by-name")
_ORDERS = ("confirmed", "waits", "parked", "parts", "back", "mirrored", "amended", "keyed")
PROPERTIES = (
    OrderFilter(property_path="erp.no", property_value="7"),
    OrderFilter(property_path="erp.ok"),
    OrderFilter(property_path="erp.no", property_exists=False),
    OrderFilter(property_path="tags", stages=("deleted", "confirmed"), updated_after=START),
    OrderFilter(property_path="erp.no", property_exists=False, stages=("placed",)),
    OrderFilter(property_path="erp.no", property_value="7", updated_after=START),
)
FILTERS = (
    OrderFilter(),
    OrderFilter(updated_after=START + 20_000_000),
    OrderFilter(created_min=START, created_max=NOW),
    OrderFilter(updated_min=START + 30_000_000, stages=("confirmed",)),
    OrderFilter(stages=("cancelled", "placed")),
    OrderFilter(goods=("in_transit/none", "unassigned/none")),
    *PROPERTIES,
)
# Columns that no two organizations have in common.
_OWN = {"organizations": ("id", "name"), "credentials": ("id", "digest"), "members": ("key_id",),
        "connections": ("name",)}  # fmt: skip


def tables() -> list[Table]:
    """Every table whose rows belong to an organization, parents before children."""
    return [one for one in schema.metadata.sorted_tables if "org" in one.c]


@cache
def _asked() -> dict[str, Select[Any]]:
    """A question to each table for the rows of one organization. Making a question takes as long
    as asking, so that all are kept.
    """
    return {one.name: select(one).where(one.c.org == bindparam("of")) for one in tables()}


def rows_of(conn: Connection, org: int) -> Rows:
    """All rows of an organization."""
    return {
        name: sorted(map(tuple, conn.execute(asked, {"of": org})), key=repr)
        for name, asked in _asked().items()
    }


def with_twins(conn: Connection, rows: Rows) -> None:
    """Put the rows of the organization into the book once more for each twin."""
    for table in tables():
        for twin in TWINS:
            made = [_twins_row(table, row, twin) for row in rows[table.name]]
            if made:
                conn.execute(insert(table), made)
    for twin in TWINS:
        _more(conn, twin, rows)


def _more(conn: Connection, twin: int, rows: Rows) -> None:
    """A few rows that the organization has not: an announcement, and the job of another one."""
    theirs = {"org": twin, "text": "theirs", "source": "polinate", "announced_at": NOW}
    conn.execute(insert(schema.announced_orders).values(theirs))
    c = schema.jobs.c
    [job] = conn.execute(select(schema.jobs).where(c.org == twin, c.kind == "fetch")).mappings()
    row = dict(job) | {"id": fetch_job_id(ORG, JOBLESS), "payload": JOBLESS}
    conn.execute(insert(schema.jobs).values(row))


def _other(id_: bytes, twin: int) -> bytes:
    """The id, or the digest, that a twin has in place of this one."""
    return hashlib.sha256(id_ + f"{twin}".encode()).digest()[: len(id_)]


def _twins_row(table: Table, row: tuple[Any, ...], twin: int) -> dict[str, Any]:
    told = dict(zip(table.c.keys(), row, strict=True))
    told["org"] = twin
    for name in _OWN.get(table.name, ()):
        told[name] = f"{twin}" if isinstance(told[name], str) else _other(told[name], twin)
    if table is schema.events and told["subject"] == "key":
        told["subject_id"] = _other(told["subject_id"], twin)
    if table is schema.payment_operations:
        operation = schema.OPERATIONS.from_row(
            tuple(told[name] for name in schema.OPERATIONS.columns)
        )
        first = key_of(twin, operation.order_id, operation.payment)
        told["key"] = operation_key(operation, first)
    return told


def lie(conn: Connection) -> None:
    """Have the twins' counts, numbers and services be other ones than those of the organization.
    One twin has an order whose id, number and names the organization does not know.
    """
    orders = schema.orders
    for twin in TWINS[:1]:
        found = conn.execute(select(orders).where(orders.c.org == twin).limit(1)).mappings().all()
        told = {"id": THEIRS, "number": 9_999, "sender_id": "theirs", "external_id": "by-id"}
        told |= {"external_reference": "by-reference", "external_name": "by-name"}
        if found:
            conn.execute(insert(orders).values(dict(found[0]) | told))
    lie_of_terms(conn, TWINS)
    of_twins = orders.c.org.in_(TWINS)
    conn.execute(update(orders).where(of_twins).values(number=orders.c.number + 100_000))
    notices = schema.provider_notices
    conn.execute(update(notices).where(notices.c.org.in_(TWINS)).values(body=b"theirs"))
    for table in (schema.provider_accounts, schema.payments):
        conn.execute(update(table).where(table.c.org.in_(TWINS)).values(service="theirs"))
    for table in (schema.order_property_tallies, schema.order_update_tallies, schema.order_spans):
        more = {"orders": table.c.orders + 1_000}
        conn.execute(update(table).where(table.c.org.in_(TWINS)).values(more))
    counted = schema.list_tallies
    more = {"counted": counted.c.counted + 1_000}
    conn.execute(update(counted).where(counted.c.org.in_(TWINS)).values(more))
    counters = schema.order_counters
    more = {"orders": counters.c.orders + 1_000, "events": counters.c.events + 1_000}
    conn.execute(update(counters).where(counters.c.org.in_(TWINS)).values(more))


def _sweep(kind: str) -> retention.Sweep:
    """A walk that nobody has begun, whatever walks the book has seen."""
    return retention.Sweep(ORG, kind, fence=1)


def _listed(conn: Connection, *filters: OrderFilter) -> list[Any]:
    return [
        lists.find(conn, ORG, wanted, limit, offset)
        for wanted in filters
        for limit, offset in ((100, 0), (3, 2))
    ]


def _texts(ids: Ids) -> tuple[str, ...]:
    orders = dashed(ids["mirrored"]), dashed(ids["confirmed"])
    return ("k-1", "k-2", "PO-1", *orders, "#3", *_THEIR_TEXTS)


def _each(conn: Connection, ids: Ids, ask: Callable[[bytes], Any]) -> list[Any]:
    return [ask(ids[name]) for name in sorted(_ORDERS)]


def _oversold(
    conn: Connection, _ids: Ids, found: Callable[..., list[Any]] = catalogue.oversold, *more: int
) -> list[Any]:
    """The shelves of a book whose organizations have all promised what is not there."""
    levels = schema.stock_levels
    conn.execute(update(levels).values(soft=True, reserved=levels.c.on_hand + 1))
    return found(conn, ORG, *more)


def _overdue(conn: Connection, ids: Ids) -> int:
    """How many lines hold stock for too long, where no line of a twin does."""
    held = schema.reservations
    conn.execute(delete(held).where(held.c.org.in_(TWINS)))
    return queue.overdue_holds(conn, NOW)


def _paged(conn: Connection) -> list[Any]:
    """All steps that wait, two at a time."""
    found: list[Any] = []
    after = None
    while page := waiting.listed(conn, waiting.Query(NOW), after, 2):
        found += page
        after = (page[-1].job.org, page[-1].job.id)
    return found


def _known_to_decisions(conn: Connection) -> list[Any]:
    """The organization as decisions see it, where orders are announced to the twins alone."""
    announced = schema.announced_orders
    conn.execute(delete(announced).where(announced.c.org == ORG))
    facts = Facts(NOW, lambda: b"\5" * 16)
    working_set.load(conn, Needs(orgs={ORG}), facts, lock=False)
    return [facts.orgs[ORG]]


def _mine(found: list[Any]) -> list[Any]:
    return [one for one in found if one.job.org == ORG]


# What is asked about one organization, by the function's module and name.
ASKED: dict[str, Work] = {
    **ASKED_CONTACTS,
    **ASKED_PAYMENTS,
    **ASKED_SEARCH,
    **ASKED_PRODUCTS,
    "accounts.settings_chosen": lambda conn, _: accounts.settings_chosen(conn, ORG),
    "accounts.capture_of": lambda conn, _: accounts.capture_of(conn, ORG),
    "accounts.credentials": lambda conn, _: accounts.credentials(conn, ORG),
    "accounts.has_begun": lambda conn, _: [accounts.has_begun(conn, ORG)],
    "accounts.organization": lambda conn, _: accounts.organization(conn, ORG),
    "accounts.payment_secret": lambda conn, _: [accounts.payment_secret(conn, ORG)],
    "accounts.provider_account": lambda conn, _: accounts.provider_account(conn, ORG, "stripe"),
    "accounts.provider_accounts": lambda conn, _: accounts.provider_accounts(conn, ORG),
    "allocation.oversold": lambda conn, ids: _oversold(conn, ids, allocation.oversold, 9),
    "audit.newest": lambda conn, _: audit.newest(conn, ORG, 50),
    "announced.listed": lambda conn, _: announced.listed(conn, ORG, fetch_job_id, 10),
    "announced.meant": lambda conn, _: announced.meant(conn, ORG, {JOBLESS, "theirs"}),
    "answers.stored": lambda conn, _: [answers.stored(conn, ORG, key) for key in ("intent-1", "-")],
    "answers.order_called": lambda conn, _: [
        answers.order_called(conn, ORG, key, text)
        for key in ("intent-1", "-")
        for text in ("mine", "theirs")
    ],
    "booked.booked_since": lambda conn, _: [
        booked.booked_since(conn, ORG, "sandbox", since) for since in (0, NOW)
    ],
    "booked.services_of": lambda conn, _: booked.services_of(conn, ORG),
    "catalogue.listed_variants": lambda conn, _: catalogue.listed_variants(conn, ORG),
    "catalogue.oversold": _oversold,
    "event_log.after": lambda conn, _: event_log.after(conn, ORG, 5, 50),
    "event_log.following": lambda conn, _: event_log.following(conn, ORG, 5, 50),
    "event_log.newest": lambda conn, _: event_log.newest(conn, ORG),
    "event_log.of_order": lambda conn, ids: _each(
        conn, ids, lambda id_: event_log.of_order(conn, ORG, id_, 0, 50)
    ),
    "explaining.explanation": lambda conn, ids: _each(
        conn, ids, lambda id_: explaining.explanation(conn, ORG, id_, NOW, lambda: b"\5" * 16)
    ),
    "holds.read": lambda conn, _: holds.read(conn, _sweep(retention.HOLDS), 100),
    "keys.listed": lambda conn, _: keys.listed(conn, ORG, None, 9),
    "goods.ledger": lambda conn, ids: [
        goods.ledger(conn, ORG, variant, None, 5) for variant in (None, ids["hard_mug"])
    ],
    "goods.levels": lambda conn, _: goods.levels(conn, ORG, goods.LevelFilter(), 9),
    "goods.locations": lambda conn, _: goods.locations(conn, ORG, None, 9),
    "goods.variant": lambda conn, ids: goods.variant(conn, ORG, ids["hard_mug"]),
    "goods.variants": lambda conn, _: [
        goods.variants(conn, ORG, None, 9, skus) for skus in ((), ("MUG",), ("TEE", "MUG"))
    ],
    "keyset.find": lambda conn, _: [keyset.find(conn, ORG, wanted, 7) for wanted in FILTERS],
    "lists.find": lambda conn, _: _listed(conn, *FILTERS),
    "order_names.called": lambda conn, ids: [
        order_names.called(conn, ORG, text) for text in _texts(ids)
    ],
    "order_names.find": lambda conn, ids: [
        order_names.find(conn, ORG, text, "konvo") for text in _texts(ids)
    ],
    "organization.channels": lambda conn, _: organization.channels(conn, ORG),
    "organization.members": lambda conn, _: organization.members(conn, ORG),
    "property_lists.find": lambda conn, _: [
        property_lists.find(conn, ORG, wanted, 3, 20, 0) for wanted in PROPERTIES
    ],
    "property_lists.spelled": lambda conn, _: [
        property_lists.spelled(conn, ORG, wanted) for wanted in PROPERTIES
    ],
    "property_lists.tallied": lambda conn, _: [
        property_lists.tallied(conn, ORG, wanted) for wanted in PROPERTIES
    ],
    "queries.customers": lambda conn, _: queries.customers(
        conn, ORG, queries.page(conn, ORG, OrderFilter(), limit=100, offset=0).orders
    ),
    "queries.newest_with_reasons": lambda conn, _: queries.newest_with_reasons(
        conn, ORG, NOW, limit=20, offset=3
    ),
    "queries.numbered": lambda conn, _: queries.numbered(conn, ORG, [2, 5, 9]),
    "queries.order_and_customer": lambda conn, ids: _each(
        conn, ids, lambda id_: queries.order_and_customer(conn, ORG, id_)
    ),
    "queries.order_by_id": lambda conn, ids: _each(
        conn, ids, lambda id_: queries.order_by_id(conn, ORG, id_)
    ),
    "queries.with_ids": lambda conn, ids: queries.with_ids(conn, ORG, [ids["confirmed"]]),
    "queries.order_with_reason": lambda conn, ids: _each(
        conn, ids, lambda id_: queries.order_with_reason(conn, ORG, id_, NOW)
    ),
    "queries.page": lambda conn, _: [
        queries.page(conn, ORG, wanted, limit=9, offset=1) for wanted in FILTERS
    ],
    "queries.page_with_customers": lambda conn, _: queries.page_with_customers(
        conn, ORG, FILTERS[1], limit=9, offset=1
    ),
    "queries.page_with_reasons": lambda conn, _: queries.page_with_reasons(
        conn, ORG, FILTERS[1], NOW, limit=9, offset=1
    ),
    "retention.read_events": lambda conn, _: retention.read_events(
        conn, _sweep(retention.EVENTS), NOW, 100, 1_000
    ),
    "span_walk.newest": lambda conn, _: span_walk.newest(conn, ORG),
    "stock_settings.drafts": lambda conn, _: stock_settings.drafts(conn, ORG, None, 9),
    "announced.count": lambda conn, _: announced.count(conn, ORG),
    "stock_settings.told": lambda conn, _: stock_settings.told(conn, ORG),
    "stock_watch.moved": lambda conn, _: [
        stock_watch.moved(conn, ORG, after, 500) for after in (0, 5)
    ],
    "webhooks.deliveries": lambda conn, ids: webhooks.deliveries(
        conn, ORG, ids["webhook"], None, 9
    ),
    "webhooks.delivery": lambda conn, ids: webhooks.delivery(
        conn, ORG, ids["webhook"], delivery_id(ids["webhook"], 3)
    ),
    "webhooks.listed": lambda conn, _: webhooks.listed(conn, ORG, None, 9),
    "webhooks.one": lambda conn, ids: webhooks.one(conn, ORG, ids["webhook"]),
    "webhooks.to_send": lambda conn, _: webhooks.to_send(
        conn, ORG, webhooks.listed(conn, ORG, None, 1)[0], 50
    ),
    "whole_orders.numbered": lambda conn, _: whole_orders.numbered(conn, ORG, [2, 5, 9], NOW),
    "whole_orders.page_behind": lambda conn, _: [
        whole_orders.page_behind(conn, ORG, wanted, NOW, 7) for wanted in FILTERS
    ],
    "whole_orders.whole_order": lambda conn, ids: _each(
        conn, ids, lambda id_: whole_orders.whole_order(conn, ORG, id_, NOW)
    ),
    "waiting.story": lambda conn, ids: _each(conn, ids, lambda id_: waiting.story(conn, ORG, id_)),
}
# What is asked about all organizations; what is found of the one is looked at.
EVERYWHERE: dict[str, Work] = {
    "accounts.credential": lambda conn, _: accounts.credential(conn, "s-hard"),
    "accounts.organization_named": lambda conn, _: accounts.organization_named(conn, f"{ORG}"),
    "lists, orders updated after a time": lambda conn, _: [
        lists._updated_after(conn, ORG, START + seconds * SECOND) for seconds in range(0, 300, 7)
    ],
    "queue.claim": lambda conn, _: _mine(queue.claim(conn, NOW, NOW + 1, 1_000, 7)),
    "queue.claim_again": lambda conn, _: _mine(
        queue.claim_again(
            conn,
            {(ORG, id_) for (id_,) in conn.execute(select(schema.jobs.c.id))},
            queue.Lease(NOW, NOW + 1),
        )
    ),
    "queue.claim_lapsing": lambda conn, _: [
        _mine(queue.claim_lapsing(conn, queue.Lease(NOW, NOW + 1), 1, 1_000))
    ],
    "queue.overdue_holds": _overdue,
    "working_set.load": lambda conn, _: _known_to_decisions(conn),
    "waiting.listed": lambda conn, _: waiting.listed(conn, waiting.Query(NOW, ORG), None, 100),
    "waiting.listed, page by page": lambda conn, _: _mine(_paged(conn)),
    "waiting.listed of all": lambda conn, _: _mine(
        waiting.listed(conn, waiting.Query(NOW), None, 1_000)
    ),
}
