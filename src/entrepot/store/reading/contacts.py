"""Contacts, page by page: by the time of their making or changing, or by a search."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.between import Between
from entrepot.core.contacts import Contact, Found, Page
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in
from entrepot.store.reading import timelines
from entrepot.store.reading.timelines import Listed, Timeline
from entrepot.store.writing.list_tallies import CONTACTS, CONTACTS_UPDATED

# A contact is shown with so many orders, the newest ones.
ORDERS_MAX = 100

BY_MAKING = Timeline(CONTACTS, "contacts", "created_at")
BY_CHANGE = Timeline(CONTACTS_UPDATED, "contacts", "updated_at")
_ALL = Between()
_FITTING = "SELECT t.customer_id FROM contact_terms AS t"
# Behind every byte of UTF-8.
_END = b"\xff"


@asked_in("long")
def page(  # noqa: PLR0913 - what may be asked for
    conn: Connection,
    org: int,
    words: tuple[str, ...],
    updated: Between,
    limit: int,
    offset: int,
    *,
    with_orders: bool = True,
) -> Page:
    """A page of contacts.

    Without a bound they come newest first, with one by the time of their last change. `words` are
    beginnings of terms, which all have to fit.
    """
    if words:
        listed = _search(conn, org, words, updated, limit, offset)
    elif updated == _ALL:
        listed = timelines.find(conn, org, BY_MAKING, updated, limit, offset)
    else:
        listed = timelines.find(conn, org, BY_CHANGE, updated, limit, offset)
    return Page(_whole(conn, org, listed.ids, with_orders=with_orders), listed.total)


def _search(
    conn: Connection, org: int, words: tuple[str, ...], updated: Between, limit: int, offset: int
) -> Listed:
    """By the index of terms: takes as long as many contacts fit the longest word."""
    statement = Statement(conn)
    mark = statement.mark
    first, *others = words
    conditions = [f"c.id IN ({_FITTING} WHERE {_fits(statement, org, word)})" for word in others]
    if updated.since is not None:
        conditions.append(f"c.updated_at >= {mark(updated.since)}")
    if updated.until is not None:
        conditions.append(f"c.updated_at <= {mark(updated.until)}")
    fitting = (
        f"(SELECT DISTINCT t.customer_id AS id FROM contact_terms AS t "
        f"WHERE {_fits(statement, org, first)}{statement.sql.fence}) AS f"
    )
    same = f"{{0}}.org = {mark(org)} AND {{0}}.id = f.id"
    source = f"FROM {fitting} {statement.sql.joined('contacts', 'c', same)}"
    source += f" WHERE {' AND '.join(conditions)}" if conditions else ""
    total = statement.scalar(f"SELECT count(*) {source}")
    found = statement.fetch(
        f"SELECT c.id {source} ORDER BY c.created_at DESC, c.id DESC "
        f"LIMIT {mark(limit)} OFFSET {mark(offset)}"
    )
    return Listed([bytes(row[0]) for row in found], total)


def _fits(statement: Statement, org: int, word: str) -> str:
    begun = word.encode()
    return (
        f"t.org = {statement.mark(org)} AND t.term >= {statement.mark(begun)} "
        f"AND t.term < {statement.mark(begun + _END)}"
    )


def _whole(conn: Connection, org: int, ids: list[bytes], *, with_orders: bool) -> list[Found]:
    wanted: set[sql.Row] = {(org, id_) for id_ in ids}
    by_id = ("org", "id")
    kept = schema.CONTACTS
    rows = sql.select(conn, kept.table, by_id, wanted, kept.columns)
    contacts = {one.id: one for one in map(kept.readable_row, rows)}
    found = sql.select(conn, schema.customers, by_id, wanted, schema.CUSTOMERS.columns)
    customers = {one.id: one for one in map(schema.CUSTOMERS.readable_row, found)}
    orders = _orders(conn, org, list(contacts.values())) if with_orders else {}
    return [
        Found(contacts[id_], customers[id_], orders.get(id_, []))
        for id_ in ids if id_ in contacts and id_ in customers
    ]  # fmt: skip


def _orders(conn: Connection, org: int, contacts: list[Contact]) -> dict[bytes, list[bytes]]:
    """The ids of the newest orders of each, newest first."""
    few: set[sql.Row] = {(org, one.id) for one in contacts if one.orders <= ORDERS_MAX}
    columns = ("customer_id", "order_id")
    rows = sql.select(conn, schema.contact_orders, ("org", "customer_id"), few, columns)
    listed: dict[bytes, list[bytes]] = {}
    for customer_id, order_id in rows:
        listed.setdefault(bytes(customer_id), []).append(bytes(order_id))
    for its in listed.values():
        its.sort(reverse=True)
    for one in contacts:
        if one.orders > ORDERS_MAX:
            listed[one.id] = _newest(conn, org, one.id)
    return listed


def _newest(conn: Connection, org: int, customer_id: bytes) -> list[bytes]:
    statement = Statement(conn)
    mark = statement.mark
    found = statement.fetch(
        f"SELECT o.order_id FROM contact_orders AS o WHERE o.org = {mark(org)} "
        f"AND o.customer_id = {mark(customer_id)} ORDER BY o.order_id DESC LIMIT {ORDERS_MAX}"
    )
    return [bytes(row[0]) for row in found]
