"""Customers with their partnerships and buyers: one of them, or page by page. Nothing here
writes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from entrepot.core.buyers import Partner
from entrepot.core.partnerships import untold
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Select, Statement
from entrepot.store.question import asked_in

_BY_ID, _BY_CUSTOMER = ("org", "id"), ("org", "customer_id")


@asked_in("snapshot")
def partner(conn: Connection, org: int, customer_id: bytes) -> Partner | None:
    """The customer with this id; None if the organization has none."""
    found = _whole(conn, org, [customer_id])
    return found[0] if found else None


@asked_in("snapshot")
def listed(
    conn: Connection, org: int, terms: tuple[str, ...], after: bytes | None, limit: int
) -> list[Partner]:
    """Up to `limit` customers with smaller ids than this one, in descending order of ids.

    `terms` are whole terms of theirs, all of which have to fit (core.contacts.exactly). A customer
    has terms once the log was read so far. The organization's guest is left out.
    """
    statement = Statement(conn)
    mark = statement.mark
    if terms:
        first, *others = [mark(term.encode()) for term in terms]
        table, id_ = "contact_terms", "customer_id"
        fitting = [f"t.term = {first}"]
        fitting += [
            f"EXISTS (SELECT 1 FROM contact_terms AS o WHERE o.org = t.org AND o.term = {other} "
            "AND o.customer_id = t.customer_id)"
            for other in others
        ]
    else:
        table, id_ = "customers", "id"
        guest = f"SELECT g.guest_id FROM organizations AS g WHERE g.org = {mark(org)}"
        fitting = [f"t.id <> ({guest})"]
    if after is not None:
        fitting.append(f"t.{id_} < {mark(after)}")
    rows = statement.fetch(
        f"SELECT t.{id_} FROM {table} AS t WHERE t.org = {mark(org)} AND {' AND '.join(fitting)} "
        f"ORDER BY t.{id_} DESC LIMIT {mark(limit)}"
    )
    return _whole(conn, org, [bytes(row[0]) for row in rows])


def _whole(conn: Connection, org: int, ids: list[bytes]) -> list[Partner]:
    """These customers, in this order, with all that hangs on them."""
    if not ids:
        return []
    wanted: set[sql.Row] = {(org, id_) for id_ in ids}
    kinds: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (schema.CUSTOMERS, _BY_ID), (schema.PARTNERSHIPS, _BY_ID), (schema.BUYERS, _BY_ID),
        (schema.BUYER_CONTACTS, _BY_CUSTOMER), (schema.BUYER_LOCATIONS, _BY_CUSTOMER),
    )  # fmt: skip
    asked = [Select(kept.table, keys, wanted, kept.columns) for kept, keys in kinds]
    asked.append(Select(schema.organizations, ("org",), {(org,)}, ("default_list",)))
    *found, [[default_list]] = sql.select_all(conn, asked)
    customers, tied, made, contacts, locations = (
        [kept.from_row(row) for row in rows] for (kept, _), rows in zip(kinds, found, strict=True)
    )
    by_id = {one.id: one for one in customers}
    partnerships, buyers = {one.id: one for one in tied}, {one.id: one for one in made}
    reached, places = _by_customer(contacts), _by_customer(locations)
    return [
        Partner(
            by_id[id_],
            partnerships.get(id_) or untold(by_id[id_]),
            bytes(default_list),
            buyers.get(id_),
            tuple(reached.get(id_, ())),
            tuple(places.get(id_, ())),
        )
        for id_ in ids
        if id_ in by_id
    ]


def _by_customer(parts: list[Any]) -> dict[bytes, list[Any]]:
    """The parts of each buyer, the oldest first."""
    found: dict[bytes, list[Any]] = {}
    for one in sorted(parts, key=lambda part: part.id):
        found.setdefault(one.customer_id, []).append(one)
    return found
