"""Customers with their partnerships and buyers: one of them, or page by page. Nothing here
writes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection

from entrepot.core.buyers import Partner
from entrepot.core.partnerships import untold
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Select, Statement
from entrepot.store.question import asked_in

# A term beyond so many stands for all common ones.
FEW = 4_096
# Customers who are looked at for several terms: in the first part of a page, and for a page.
AT_ONCE, LOOKED_AT = 256, 10_000
_BY_ID, _BY_CUSTOMER = ("org", "id"), ("org", "customer_id")


class Page(NamedTuple):
    """Customers, and the id behind which the next page begins; None where there is none."""

    partners: list[Partner]
    after: bytes | None


@asked_in("snapshot")
def partner(conn: Connection, org: int, customer_id: bytes) -> Partner | None:
    """The customer with this id; None if the organization has none."""
    found = _whole(conn, org, [customer_id])
    return found[0] if found else None


@asked_in("snapshot")
def listed(
    conn: Connection, org: int, terms: tuple[str, ...], after: bytes | None, limit: int
) -> Page:
    """A page of up to `limit` customers with smaller ids than `after`, in descending order of ids.

    `terms` are whole terms of theirs, all of which have to fit (core.contacts.exactly). A customer
    has terms once the log was read so far. The organization's guest is left out. Of several terms
    the page may end early: LOOKED_AT customers of the rarest one were looked at.
    """
    if len(terms) > 1:
        ids, behind = _of_all(conn, org, _rarest_first(conn, org, terms), after, limit)
    else:
        ids = _of_one(conn, org, terms, after, limit + 1)
        ids, behind = ids[:limit], ids[limit - 1] if len(ids) > limit else None
    return Page(_whole(conn, org, ids), behind)


def _of_one(
    conn: Connection, org: int, terms: tuple[str, ...], after: bytes | None, limit: int
) -> list[bytes]:
    """The ids of customers with a term, or of all customers where no term is told."""
    statement = Statement(conn)
    mark = statement.mark
    if terms:
        table, id_ = "contact_terms", "customer_id"
        fitting = f"t.term = {mark(terms[0].encode())}"
    else:
        table, id_ = "customers", "id"
        fitting = f"t.id <> (SELECT g.guest_id FROM organizations AS g WHERE g.org = {mark(org)})"
    if after is not None:
        fitting += f" AND t.{id_} < {mark(after)}"
    rows = statement.fetch(
        f"SELECT t.{id_} FROM {table} AS t WHERE t.org = {mark(org)} AND {fitting} "
        f"ORDER BY t.{id_} DESC LIMIT {mark(limit)}"
    )
    return [bytes(row[0]) for row in rows]


def _of_all(
    conn: Connection, org: int, terms: list[str], after: bytes | None, limit: int
) -> tuple[list[bytes], bytes | None]:
    """The ids of customers with all of these terms, and behind which id the next page begins.

    Customers of the first term are looked at in parts that grow, as long as the page is not full.
    """
    found: list[bytes] = []
    looked_at, part = 0, AT_ONCE
    while looked_at < LOOKED_AT:
        rows = _part(conn, org, terms, after, part)
        for id_, has_all in rows:
            if has_all and len(found) == limit:
                return found, found[-1]
            if has_all:
                found.append(bytes(id_))
        if len(rows) < part:
            return found, None
        after = bytes(rows[-1][0])
        looked_at += part
        part = min(4 * part, LOOKED_AT - looked_at)
    return found, after


def _part(
    conn: Connection, org: int, terms: list[str], after: bytes | None, most: int
) -> list[sql.Row]:
    """Customers with the first term, and whether each has the others, too."""
    statement = Statement(conn)
    mark = statement.mark
    first, *others = [mark(term.encode()) for term in terms]
    of_org = mark(org)
    has = " AND ".join([
        f"EXISTS (SELECT 1 FROM contact_terms AS o WHERE o.org = {of_org} AND o.term = {other} "
        f"AND o.customer_id = t.customer_id{statement.sql.fence})" for other in others
    ])  # fmt: skip
    behind = "" if after is None else f" AND t.customer_id < {mark(after)}"
    return statement.fetch(
        f"SELECT t.customer_id, {has} FROM contact_terms AS t WHERE t.org = {of_org} "
        f"AND t.term = {first}{behind} ORDER BY t.customer_id DESC LIMIT {mark(most)}"
    )


def _rarest_first(conn: Connection, org: int, terms: tuple[str, ...]) -> list[str]:
    """The terms, led by the one that the fewest customers have."""
    counted: list[tuple[int, str]] = []
    for term in dict.fromkeys(terms):
        statement = Statement(conn)
        some = (
            f"SELECT 1 FROM contact_terms AS t WHERE t.org = {statement.mark(org)} "
            f"AND t.term = {statement.mark(term.encode())} LIMIT {FEW + 1}"
        )
        counted.append((statement.scalar(f"SELECT count(*) FROM ({some}) AS s"), term))
    return [term for _, term in sorted(counted, key=lambda one: one[0])]


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
        [kept.readable_row(row) for row in rows]
        for (kept, _), rows in zip(kinds, found, strict=True)
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
