"""Steps that wait, their causes and times, for an operator. Nothing here writes."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from entrepot.core.decide.jobs import job_ids
from entrepot.core.kinds import K, R
from entrepot.core.order import Event, Job, Order, Reservation
from entrepot.core.payment import FullPayment, full_payments
from entrepot.core.returns import Return, ReturnLine
from entrepot.core.shipments import Shipment, ShipmentLine
from entrepot.core.shown import SILENT, WAITING, stuck
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.schema.kept import Kept
from entrepot.store.writing import payments

State = Literal["waiting", "parked"]
Key = tuple[int, bytes]

_jobs, _orders = schema.jobs.c, schema.orders.c


class Waiting(NamedTuple):
    """A step that is parked or waits, with its order's stage and reason where it has one."""

    job: Job
    stage: str | None
    reason: str | None
    reason_detail: str | None


class Query(NamedTuple):
    """The steps that are meant: of all organizations or of one, and whose last error names `text`.

    `states`: parked steps, waiting steps, or both. `failed` leaves out steps that wait for nothing
    but a provider's notification.
    """

    now: int
    org: int | None = None
    states: tuple[State, ...] = ("waiting", "parked")
    text: str = ""
    failed: bool = False


def listed(conn: Connection, wanted: Query, after: Key | None, limit: int) -> list[Waiting]:
    """Up to `limit` of them behind the job called `after`, by organization and age."""
    mine = and_(_orders.org == _jobs.org, _orders.id == _jobs.order_id)
    statement = (
        select(schema.jobs, _orders.stage, _orders.reason, _orders.reason_detail)
        .select_from(schema.jobs.outerjoin(schema.orders, mine))
        .where(_meant(wanted))
        .order_by(_jobs.org, _jobs.id)
        .limit(limit)
    )
    if wanted.org is not None:
        statement = statement.where(_jobs.org == wanted.org)
    if after is not None:
        org, id_ = after
        statement = statement.where(or_(_jobs.org > org, and_(_jobs.org == org, _jobs.id > id_)))
    found = conn.execute(statement)
    width = len(schema.JOBS.columns)
    return [Waiting(schema.JOBS.readable_row(tuple(row[:width])), *row[width:]) for row in found]


def _meant(wanted: Query) -> ColumnElement[bool]:
    waits = and_(
        _jobs.state == "due",
        # A step that a worker has in hand for the first time is under way, and waits for nothing.
        or_(_jobs.leased_until <= wanted.now, _jobs.last_error.is_not(None), _orphaned(wanted)),
    )
    parts = {"waiting": waits, "parked": _jobs.state == "parked"}
    meant: ColumnElement[bool] = or_(*[parts[state] for state in wanted.states])
    if wanted.failed:
        meant = and_(meant, or_(_jobs.tries > 0, _jobs.state == "parked"))
        meant = and_(meant, _jobs.leased_until <= wanted.now)
    if wanted.text:
        error = func.lower(_jobs.last_error)
        meant = and_(meant, error.contains(wanted.text.lower(), autoescape=True))
    return meant


def _orphaned(wanted: Query) -> ColumnElement[bool]:
    """A holder that should beat every second, and did not for some."""
    silent = select(schema.processes.c.id).where(schema.processes.c.seen_at < wanted.now - SILENT)
    return _jobs.holder.in_(silent)


class Story(NamedTuple):
    """All that hangs on one order, for the operator."""

    jobs: list[Job]
    payments: list[FullPayment]
    reservations: list[Reservation]
    shipments: list[Shipment]
    shipment_lines: list[ShipmentLine]
    returns: list[Return]
    return_lines: list[ReturnLine]
    events: list[Event]
    seen: dict[int, int]  # when each process was seen last that beats


def story(conn: Connection, org: int, order_id: bytes) -> Story:
    """The rows that belong to an order, oldest first."""
    key = {(org, order_id)}
    by_order = ("org", "order_id")
    steps: set[tuple[Any, ...]] = {(org, id_) for id_ in job_ids(order_id)}
    jobs = sql.select(conn, schema.jobs, ("org", "id"), steps, schema.JOBS.columns)
    paid = payments.of_orders(conn, {(org, order_id)}).get((org, order_id), payments.OfOrder())
    claims = sql.select(conn, schema.reservations, by_order, key, schema.RESERVATIONS.columns)
    told = sql.select(conn, schema.events, ("org", "subject_id"), key, schema.EVENTS.columns)
    seen = conn.execute(select(schema.processes.c.id, schema.processes.c.seen_at))
    return Story(
        sorted(map(schema.JOBS.readable_row, jobs), key=lambda job: job.id),
        full_payments(paid.payments, paid.operations),
        sorted(map(schema.RESERVATIONS.readable_row, claims), key=lambda claim: claim.line_id),
        _of_order(conn, schema.SHIPMENTS, key),
        _of_order(conn, schema.SHIPMENT_LINES, key),
        _of_order(conn, schema.RETURNS, key),
        _of_order(conn, schema.RETURN_LINES, key),
        sorted(map(schema.EVENTS.readable_row, told), key=lambda event: event.seq),
        {row.id: row.seen_at for row in seen},
    )


def _of_order(conn: Connection, kept: Kept[K, R], key: set[Key]) -> list[R]:
    """The order's rows of a kind, in the order of their keys."""
    found = sql.select(conn, kept.table, ("org", "order_id"), key, kept.columns)
    return sorted(map(kept.readable_row, found), key=kept.kind.key)


def with_reasons(conn: Connection, orders: list[Order], now: int) -> list[Order]:
    """The orders; those whose step nobody works on have that as their reason.

    Nothing is asked where every order has moved, or was said to wait, a moment ago.
    """
    late = {(one.org, one.id) for one in orders if _is_late(one, now)}
    if not late:
        return orders
    # A placed order has its first job alone, which has the order's id: the others follow later.
    steps: set[tuple[Any, ...]] = {*late}
    found = sql.select(conn, schema.jobs, ("org", "id"), steps, schema.JOBS.columns)
    jobs = {(job.org, job.order_id): job for job in map(schema.JOBS.readable_row, found)}
    holders = {(job.holder,) for job in jobs.values() if job.holder is not None}
    beats = sql.select(conn, schema.processes, ("id",), holders, ("id", "seen_at"))
    seen: dict[int, int] = {row[0]: row[1] for row in beats}
    told = []
    for order in orders:
        job = jobs.get((order.org, order.id))
        why = stuck(job, seen.get(job.holder or 0), now) if job is not None else None
        told.append(order.changed(reason=WAITING, reason_detail=why) if why else order)
    return told


def _is_late(order: Order, now: int) -> bool:
    """Whether the order waits and has not moved for a while, or moved under a wrong clock."""
    waits = order.managed and order.facets.stage == "placed" and not order.parked
    return waits and not now - SILENT <= order.updated_at <= now + SILENT
