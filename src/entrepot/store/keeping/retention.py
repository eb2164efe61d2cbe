"""Removing what is old from the book: idempotency rows, the events of finished orders, and the
addresses that clicks came from.

Each organization has a row in `sweeps` for each kind: how far the walk is, and which process holds
the walk under a lease. A step reads and writes a bounded slice by index, in one short transaction
(docs/adr/0009).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, false, or_, select

from entrepot.core.decide.jobs import job_ids
from entrepot.core.facets import ENDED
from entrepot.core.leases import AHEAD_MAX, is_ahead
from entrepot.core.order import Event
from entrepot.core.touches import without_address
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.reading.order_terms import SEARCH
from entrepot.store.writing.writes import Writes

KEYS, EVENTS, ADDRESSES = "keys", "events", "addresses"
HOLDS, CONTACTS = "holds", "contacts"
KINDS = (KEYS, EVENTS, ADDRESSES, HOLDS, CONTACTS, SEARCH)
FINISHED = tuple(sorted(ENDED | {"completed", "archived"}))

_sweeps, _orgs, _keys = schema.sweeps, schema.organizations, schema.idempotency_keys
_orders, _events = schema.orders.c, schema.events

SWEEP = ("org", "kind", "fence", "leased_until", "ended_at", "horizon", "reached_at", "reached")
_GUARD = ("org", "kind", "fence")
_ARCHIVE = ("org", "order_id", "first_seq", "last_seq", "archived_at")
# By what rows are removed: whole keys, so that no statement scans.
KEY_GUARD = ("org", "key", "created_at")
EVENT_KEY = ("org", "subject_id", "seq")
NOTICE_KEY = ("org", "service", "reference", "event")


class Sweep(NamedTuple):
    """The walk of one organization over one kind of rows. Times are microseconds."""

    org: int
    kind: str
    fence: int = 0  # rises with every claim; 0: never claimed
    leased_until: int = 0
    ended_at: int = 0  # when the last walk came to its end; 0 while one is under way
    horizon: int = 0  # what is older may be gone; of a search the newest order with its terms
    reached_at: int = 0  # where the walk is: in the events' walk an order's last change ...
    reached: bytes = b""  # ... and its id; in the keys' walk the key, in the addresses' the touch


class OldOrder(NamedTuple):
    """An order that the walk has come to, and whether it is finished."""

    id: bytes
    version: int
    updated_at: int
    finished: bool


class Slice(NamedTuple):
    """A part of the events' walk: the orders it comes to, the events of them that may leave, and
    where the walk goes on (`ended`: nothing old is left).
    """

    orders: dict[bytes, int]  # id -> version, as read with the events
    events: list[Event]
    looked_at: int
    reached_at: int
    reached: bytes
    ended: bool


def due(
    conn: Connection, kind: str, after_org: int, now: int, ended_before: int, limit: int
) -> tuple[list[Sweep], int | None]:
    """Sweeps to do among the next `limit` organizations, and the last of these organizations.

    A sweep is to do if no process holds it, and if it is under way or ended at `ended_before` or
    earlier. The last organization is None if no more follow.
    """
    orgs = [row[0] for row in conn.execute(organizations_statement(after_org, limit))]
    wanted: set[tuple[Any, ...]] = {(org, kind) for org in orgs}
    found = sql.select(conn, _sweeps, ("org", "kind"), wanted, SWEEP)
    known = {row[0]: Sweep(*row) for row in found}
    listed = [known.get(org) or Sweep(org, kind) for org in orgs]
    free = [
        s for s in listed
        if not is_ahead(s.leased_until, now) and not _walked(s, now, ended_before)
    ]  # fmt: skip
    return free, orgs[-1] if len(orgs) == limit else None


def _walked(sweep: Sweep, now: int, ended_before: int) -> bool:
    return ended_before < sweep.ended_at <= now + AHEAD_MAX


def organizations_statement(after_org: int, limit: int) -> Select[Any]:
    """The next organizations."""
    statement = select(_orgs.c.org).where(_orgs.c.org > after_org)
    return statement.order_by(_orgs.c.org).limit(limit)


def claim(conn: Connection, sweep: Sweep, leased_until: int, before: int) -> Sweep:
    """Take a sweep: the fence rises. Raises Conflict when another process was faster.

    Rows older than `before` are about to be removed, so the horizon rises to `before`. The horizon
    never falls.
    """
    taken = sweep._replace(
        fence=sweep.fence + 1,
        leased_until=leased_until,
        ended_at=0,
        horizon=max(sweep.horizon, before),
    )
    writes = Writes()
    save(writes, taken, sweep.fence)
    writes.run(conn)
    return taken


def keep(conn: Connection, sweep: Sweep) -> None:
    """Write where a sweep is. Raises Conflict when it is no longer this process's."""
    writes = Writes()
    save(writes, sweep, sweep.fence)
    writes.run(conn)


def save(writes: Writes, sweep: Sweep, held: int) -> None:
    """Write where a sweep is, if its fence is the one that is `held`; 0: nobody ever held it."""
    if held == 0:
        writes.insert(_sweeps, SWEEP, [tuple(sweep)])
        return
    values = (*sweep[2:], sweep.org, sweep.kind, held)
    writes.update(_sweeps, SWEEP[2:], _GUARD, [values])


# ------------------------------------------------------------------ idempotency rows


def keys_statement(org: int, after: str, limit: int) -> Select[Any]:
    """The next slice of an organization's keys, in the order of the primary key."""
    k = _keys.c
    statement = select(k.key, k.created_at).where(k.org == org, k.key > after)
    return statement.order_by(k.org, k.key).limit(limit)


def notices_statement(org: int, before: int, limit: int) -> Select[Any]:
    """The oldest notices of an organization's payment services that came before `before`.

    Those of disputes stay: a dispute lasts for months, and a service may tell of it in no other
    way. There are few.
    """
    n = schema.provider_notices.c
    statement = select(n.service, n.reference, n.event)
    statement = statement.where(n.org == org, n.disputed == false(), n.received_at < before)
    return statement.order_by(n.org, n.disputed, n.received_at).limit(limit)


def remove_keys(conn: Connection, sweep: Sweep, before: int, limit: int) -> tuple[Sweep, int, int]:
    """Remove those of the next `limit` keys' rows that were made before `before`.

    The sweep as it then stands, how many rows were looked at, how many removed. The walk's end
    shows in `reached` being empty. Nothing is written, the sweep neither, where nothing was old.
    As many notices of payment services go along, if they are as old: they are kept against repeats.
    """
    found = conn.execute(keys_statement(sweep.org, sweep.reached.decode(), limit)).all()
    ended = len(found) < limit
    moved = sweep._replace(reached=b"" if ended else found[-1][0].encode())
    old = [(sweep.org, key, made) for key, made in found if made < before]
    notices = conn.execute(notices_statement(sweep.org, before, limit)).all()
    if old or notices:
        writes = Writes()
        save(writes, moved, moved.fence)
        writes.delete(schema.provider_notices, NOTICE_KEY, [(sweep.org, *row) for row in notices])
        # The age is part of the key here, so that a younger row under the same key would stay.
        writes.delete(_keys, KEY_GUARD, old, guarded=False)
        writes.run(conn)
    return moved, len(found), len(old) + len(notices)


# ------------------------------------------------------------------ events of finished orders


def orders_statement(sweep: Sweep, before: int, limit: int) -> Select[Any]:
    """The next orders of an organization that were last changed before `before`, oldest first."""
    # A range of the index; within the moment reached, the orders that are still to come.
    beyond = or_(_orders.updated_at > sweep.reached_at, _orders.id > sweep.reached)
    return (
        select(_orders.id, _orders.version, _orders.updated_at, _finished())
        .where(_orders.org == sweep.org, _orders.updated_at >= sweep.reached_at)
        .where(_orders.updated_at < before, beyond)
        .order_by(_orders.org, _orders.updated_at, _orders.id)
        .limit(limit)
    )


def _finished() -> ColumnElement[bool]:
    """Whether an order is ended or completed, nothing open in it, nobody to decide."""
    return and_(
        _orders.stage.in_(FINISHED),
        _orders.payment != "disputed",
        _orders.returns != "requested",
        _orders.parked.is_(False),
        _orders.version > 1,
    )


def events_statement(org: int, order_ids: Sequence[bytes], limit: int) -> Select[Any]:
    """The first `limit` events of these orders, oldest first in each."""
    c = _events.c
    statement = select(*[c[name] for name in schema.EVENTS.columns])
    statement = statement.where(c.org == org, c.subject_id.in_(order_ids))
    return statement.order_by(c.org, c.subject_id, c.seq).limit(limit)


def read_events(
    conn: Connection, sweep: Sweep, before: int, orders_max: int, events_max: int
) -> Slice:
    """The next slice of the events' walk: at most `events_max` events that may leave the book.

    Every order keeps its last event. If the orders have more than `events_max` events, the walk
    stays where it is.
    """
    found = [OldOrder(*row) for row in conn.execute(orders_statement(sweep, before, orders_max))]
    finished = [order.id for order in found if order.finished]
    wanted: set[tuple[Any, ...]] = {(sweep.org, id_) for one in finished for id_ in job_ids(one)}
    jobs = sql.select(conn, schema.jobs, ("org", "id"), wanted, ("org", "order_id"))
    busy = {row[1] for row in jobs}
    taken = {order.id: order.version for order in found if order.finished and order.id not in busy}
    leaving: list[Event] = []
    if taken:
        # Each order keeps one, so that many rows hold one more than may leave, or all there are.
        limit = events_max + len(taken)
        for row in conn.execute(events_statement(sweep.org, list(taken), limit)):
            event = schema.EVENTS.from_row(tuple(row))
            if event.seq < taken[event.subject_id]:
                leaving.append(event)
    if len(leaving) > events_max:
        # The rest is read when these orders are come to again.
        return Slice(taken, leaving[:events_max], 0, sweep.reached_at, sweep.reached, False)
    at, order_id = sweep.reached_at, sweep.reached
    if found:
        at, order_id = found[-1].updated_at, found[-1].id
    return Slice(taken, leaving, len(found), at, order_id, len(found) < orders_max)


def remove_events(conn: Connection, sweep: Sweep, part: Slice, now: int) -> int:
    """Remove the slice's events, which are in the archive by now, and note their numbers.

    `sweep` is where the walk then is. Orders that changed meanwhile keep theirs. How many events
    were removed. Raises Conflict when the sweep is no longer this process's.
    """
    wanted: set[tuple[Any, ...]] = {(sweep.org, event.subject_id) for event in part.events}
    found = sql.select(
        conn, schema.orders, ("org", "id"), wanted, ("org", "id", "version"), lock=True
    )
    same = {row[1] for row in found if part.orders[row[1]] == row[2]}
    leaving = [event for event in part.events if event.subject_id in same]
    ranges: dict[bytes, list[int]] = {}
    for event in leaving:
        ranges.setdefault(event.subject_id, []).append(event.seq)
    noted = [(sweep.org, id_, min(s), max(s), now) for id_, s in sorted(ranges.items())]
    writes = Writes()
    save(writes, sweep, sweep.fence)
    writes.insert(schema.order_archives, _ARCHIVE, noted)
    writes.delete(_events, EVENT_KEY, [(e.org, e.subject_id, e.seq) for e in leaving])
    writes.run(conn)
    return len(leaving)


# ------------------------------------------------------------------ addresses of clicks


def touches_statement(org: int, after: bytes, limit: int) -> Select[Any]:
    """The next touches of an organization, in the order in which they were recorded."""
    t = schema.touches.c
    statement = select(t.id, t.recorded_at, t.details).where(t.org == org, t.id > after)
    return statement.order_by(t.org, t.id).limit(limit)


def drop_addresses(
    conn: Connection, sweep: Sweep, before: int, limit: int
) -> tuple[Sweep, int, int, bool]:
    """Drop the addresses of those of the next `limit` touches that were recorded before `before`.

    The sweep as it then stands, how many touches were looked at, of how many an address was
    dropped, and whether none that is old is left. Nothing is written, the sweep neither, where no
    touch had an address.
    """
    found = conn.execute(touches_statement(sweep.org, sweep.reached, limit)).all()
    old = list(takewhile(lambda row: row.recorded_at < before, found))
    moved = sweep._replace(reached=bytes(old[-1].id)) if old else sweep
    bare = [(without_address(row.details), sweep.org, row.id, row.details) for row in old]
    changed = [row for row in bare if row[0] != row[-1]]
    if changed:
        writes = Writes()
        save(writes, moved, moved.fence)
        writes.update(schema.touches, ("details",), ("org", "id", "details"), changed)
        writes.run(conn)
    return moved, len(old), len(changed), len(old) < limit
