"""Which notifications of payment services are kept under a reference."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, false, select, true, tuple_

from entrepot.core.notice import NoticeKey
from entrepot.store import schema

PAGE = 1_000
# Behind which notice a page begins: the time at which it came, its reference, its id.
Place: TypeAlias = tuple[int, str, str]


class Kept(NamedTuple):
    """A notification that is kept. `received_at` is microseconds UTC."""

    received_at: int
    event: str
    body: bytes


_at = schema.provider_notices.c


def _named(org: int, service: str, references: Iterable[str]) -> ColumnElement[bool]:
    """Notifications that name one of these references.

    The caller sorts the rows. SQLite, told to sort, goes through all notifications of the
    organization by the index of their times.
    """
    return and_(_at.org == org, _at.service == service, _at.reference.in_(list(references)))


def unheard(
    conn: Connection, org: int, service: str, references: Iterable[str]
) -> list[tuple[str, str]]:
    """(reference, id) of the notifications for which no step was woken yet, oldest first."""
    found = select(_at.received_at, _at.reference, _at.event).where(
        _named(org, service, references), _at.heard_at == 0
    )
    return [(row.reference, row.event) for row in sorted(conn.execute(found).all())]


def of_disputes(
    conn: Connection, org: int, service: str, references: Iterable[str]
) -> list[tuple[str, str]]:
    """(reference, id) of the notifications of disputes for which no payment was looked at yet."""
    named = _named(org, service, references)
    found = select(_at.received_at, _at.reference, _at.event).where(
        named, _at.heard_at == 0, _at.disputed
    )
    return [(row.reference, row.event) for row in sorted(conn.execute(found).all())]


def of_money(
    conn: Connection, org: int, service: str, references: Iterable[str], since: int
) -> tuple[NoticeKey, ...]:
    """The notifications of money since a time, in microseconds UTC, for which no step was woken
    yet, oldest first.
    """
    found = select(_at.received_at, _at.reference, _at.event).where(
        _named(org, service, references), _at.heard_at == 0, _at.of_money
    )
    rows = sorted(conn.execute(found).all())
    return tuple((org, service, row.reference, row.event) for row in rows if row[0] >= since)


def bodies(conn: Connection, org: int, service: str, references: Iterable[str]) -> list[bytes]:
    """The notifications that name one of these references, as they were signed; oldest first."""
    found = select(_at.received_at, _at.event, _at.body).where(_named(org, service, references))
    rows = sorted(conn.execute(found).all())
    return list({row.event: bytes(row.body) for row in rows}.values())


def page_since(
    conn: Connection, org: int, service: str, after: Place
) -> tuple[list[Kept], Place | None]:
    """The notifications behind a place, the oldest first; one that names several references comes
    once for each. And the place at which the next page begins, if there is one.
    """
    place = (_at.received_at, _at.reference, _at.event)
    found = (
        select(*place, _at.body)
        .where(_at.org == org, _at.received_at >= after[0], tuple_(*place) > tuple_(*after))
        .where(_at.service == service)
        .order_by(*place)
        .limit(PAGE)
    )
    # The index of their times has those of disputes apart.
    both = [conn.execute(found.where(_at.disputed == kind)).all() for kind in (false(), true())]
    in_order = sorted(
        itertools.chain(*both), key=lambda row: (row.received_at, row.reference, row.event)
    )
    rows = list(itertools.islice(in_order, PAGE))
    listed = [Kept(row[0], row[2], bytes(row[3])) for row in rows]
    last = rows[-1] if len(rows) == PAGE else None
    return listed, None if last is None else (last[0], last[1], last[2])
