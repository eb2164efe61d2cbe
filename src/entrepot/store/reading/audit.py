"""The newest events of an organization, with what people know their actors and orders by.

Nothing here writes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, select

from entrepot.core import actor, events
from entrepot.core.order import Event
from entrepot.store import schema
from entrepot.store.question import asked_in


class Audited(NamedTuple):
    """An event; the address of the member whose key made it happen, if a member's did; and the
    number that people read of the order that it is of.
    """

    event: Event
    email: str | None
    order_name: str | None


def newest_statement(org: int, limit: int) -> Select[Any]:
    """The newest events of an organization, by the index of their numbers."""
    c = schema.events.c
    statement = select(*[c[name] for name in schema.EVENTS.columns]).where(c.org == org)
    return statement.order_by(c.org.desc(), c.number.desc()).limit(limit)


@asked_in("snapshot")
def newest(conn: Connection, org: int, limit: int) -> list[Audited]:
    """The newest `limit` events, newest first."""
    rows = conn.execute(newest_statement(org, limit))
    found = [schema.EVENTS.readable_row(tuple(row)) for row in rows]
    keys = {id_ for one in found if (id_ := actor.credential_id(one.actor)) is not None}
    emails = _emails(conn, org, keys)
    names = _names(conn, org, {one.subject_id for one in found if one.subject == events.ORDER})
    return [
        Audited(
            one, emails.get(actor.credential_id(one.actor) or b""), names.get(one.subject_id)
        )
        for one in found
    ]  # fmt: skip


def _emails(conn: Connection, org: int, keys: set[bytes]) -> dict[bytes, str]:
    """The addresses of the members whose keys these are, or were before they were invited again:
    a member's key is named by the address.
    """
    m, k = schema.members.c, schema.credentials.c
    named = and_(m.org == k.org, m.email == k.name)
    found = (
        select(k.id, m.email)
        .join_from(schema.credentials, schema.members, named)
        .where(k.org == org, k.id.in_(sorted(keys)), k.dialect == "synq")
    )
    return {bytes(key_id): email for key_id, email in conn.execute(found)}


def _names(conn: Connection, org: int, orders: set[bytes]) -> dict[bytes, str]:
    """The senders' own numbers of these orders, of those that have one."""
    o = schema.orders.c
    found = select(o.id, o.external_name).where(o.org == org, o.id.in_(sorted(orders)))
    return {bytes(id_): name for id_, name in conn.execute(found) if name is not None}
