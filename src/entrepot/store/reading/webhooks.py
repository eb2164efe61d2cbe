"""Webhooks, their deliveries, and the events that are to be sent to them. Nothing here writes."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from entrepot.core import actor
from entrepot.core.leases import AHEAD_MAX
from entrepot.core.order import Event
from entrepot.core.webhooks import REMOVED, Delivery, Webhook
from entrepot.store import schema
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in
from entrepot.store.reading import event_log
from entrepot.store.schema.webhooks import AGAIN, WAITING

_webhooks, _deliveries = schema.webhooks, schema.webhook_deliveries
_LISTED = ", ".join(f'w."{name}"' for name in schema.WEBHOOKS.columns)
_UNSENT = "c.events > w.reached AND next_at <= NOW"
_WROTE = f"c.committed_at > SINCE AND state = 'active' AND {_UNSENT}"
_WAITS = f"{WAITING} AND {_UNSENT}"
_FREE = "leased_until <= NOW"
# Times that a clock wrote which stood ahead and came back (core.leases).
_ASTRAY = f"{WAITING} AND (next_at > AHEAD OR leased_until > AHEAD)"
_FREE_OR_ASTRAY = f"({_FREE} OR leased_until > AHEAD)"
_COLUMNS = [_webhooks.c[name] for name in schema.WEBHOOKS.columns]


class ToSend(NamedTuple):
    """Events of an organization, and what a message tells beside them.

    `number` is the last event that was read. `roles` has those of the actors' keys. `missing` are
    the numbers of events that are to be sent once more, and that the archive has.
    """

    events: list[Event]
    number: int
    again: list[Event]
    org_id: bytes
    tenant_id: bytes
    roles: dict[bytes, str]
    missing: tuple[int, ...] = ()


def due(conn: Connection, now: int, since: int, limit: int) -> list[Webhook]:
    """Up to `limit` webhooks to which something is to be sent, and that nobody holds: those of
    organizations that wrote something since a time, those that wait for another try, and those that
    are to send an event once more. Each of the three has an index. With `since` 0, also those that
    a clock that stood ahead has put off for longer than any lease or wait is.

    One statement asks for all: a server in which nothing happens asks twice a second.
    """
    statement = Statement(conn)
    values = {"NOW": now, "SINCE": since, "MOST": limit}
    whose = [(_WROTE, _FREE), (_WAITS, _FREE), (AGAIN, _FREE)]
    if not since:
        values["AHEAD"] = now + AHEAD_MAX
        whose.append((_ASTRAY, _FREE_OR_ASTRAY))
    text = " UNION ALL ".join(
        f"SELECT * FROM (SELECT {_LISTED} FROM {_joined(which)} WHERE w.org = c.org AND {which} "
        f"AND {free} ORDER BY w.updated_at, w.org, w.id LIMIT MOST) AS s{number}"
        for number, (which, free) in enumerate(whose)
    )
    for name, value in values.items():
        text = text.replace(name, statement.mark(value))
    rows = statement.fetch(text)
    found = {one.id: one for one in map(schema.WEBHOOKS.readable_row, rows)}
    return sorted(found.values(), key=lambda one: (one.updated_at, one.org, one.id))[:limit]


def _joined(which: str) -> str:
    """SQLite takes the tables of a CROSS JOIN in the order in which they stand."""
    tables = ["order_counters AS c", "webhooks AS w"]
    return " CROSS JOIN ".join(tables if which is _WROTE else tables[::-1])


def to_send(conn: Connection, org: int, webhook: Webhook, limit: int) -> ToSend:
    """The next `limit` events behind those that the webhook has, and those that it gets again."""
    begins = webhook.reached or _made(conn, org, webhook.id)
    found = event_log.after(conn, org, begins, limit)
    asked = list(map(int, webhook.again.split()))
    again = [
        event
        for number in asked
        for event in event_log.after(conn, org, number - 1, 1)
        if event.number == number
    ]
    missing = tuple(sorted({*asked} - {event.number for event in again}))
    at = schema.organizations.c
    org_id, tenant_id = conn.execute(select(at.id, at.tenant_id).where(at.org == org)).one()
    keys = {id_ for one in (*found, *again) if (id_ := actor.credential_id(one.actor))}
    k = schema.credentials.c
    roles = conn.execute(select(k.id, k.role).where(k.org == org, k.id.in_(sorted(keys))))
    told = {bytes(id_): role for id_, role in roles}
    reached = found[-1].number if found else begins
    return ToSend(found, reached, again, bytes(org_id), bytes(tenant_id), told, missing)


def _made(conn: Connection, org: int, webhook_id: bytes) -> int:
    """The number of the event that tells of a new webhook: what follows is sent."""
    e = schema.events.c
    its = select(e.number).where(e.org == org, e.subject_id == webhook_id, e.seq == 1)
    number: int = conn.execute(its).scalar_one()
    return number


@asked_in("snapshot")
def listed(conn: Connection, org: int, after: bytes | None, limit: int) -> list[Webhook]:
    """Up to `limit` webhooks behind an id, in the order of their ids."""
    w = _webhooks.c
    statement = select(*_COLUMNS).where(w.org == org, w.id > (after or b""), w.state != REMOVED)
    rows = conn.execute(statement.order_by(w.org, w.id).limit(limit))
    return [schema.WEBHOOKS.readable_row(tuple(row)) for row in rows]


@asked_in("snapshot")
def one(conn: Connection, org: int, webhook_id: bytes) -> Webhook | None:
    """The webhook with this id; None if there is none."""
    w = _webhooks.c
    statement = select(*_COLUMNS).where(w.org == org, w.id == webhook_id, w.state != REMOVED)
    row = conn.execute(statement).one_or_none()
    return None if row is None else schema.WEBHOOKS.readable_row(tuple(row))


@asked_in("snapshot")
def deliveries(
    conn: Connection, org: int, webhook_id: bytes, before: int | None, limit: int
) -> list[Delivery]:
    """Up to `limit` deliveries of a webhook, of events before a number, the newest first."""
    kept, d = schema.DELIVERIES, _deliveries.c
    statement = select(*[d[name] for name in kept.columns])
    statement = statement.where(d.org == org, d.webhook_id == webhook_id)
    if before is not None:
        statement = statement.where(d.number < before)
    ordered = statement.order_by(d.org.desc(), d.webhook_id.desc(), d.number.desc()).limit(limit)
    return [kept.readable_row(tuple(row)) for row in conn.execute(ordered)]


@asked_in("snapshot")
def delivery(conn: Connection, org: int, webhook_id: bytes, delivery_id: bytes) -> Delivery | None:
    """The delivery with this id; None if the webhook has none."""
    kept, d = schema.DELIVERIES, _deliveries.c
    statement = select(*[d[name] for name in kept.columns])
    its = statement.where(d.org == org, d.id == delivery_id, d.webhook_id == webhook_id)
    row = conn.execute(its).one_or_none()
    return None if row is None else kept.readable_row(tuple(row))
