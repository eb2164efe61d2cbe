"""The job queue's own statements: claiming what is due, and what the pipeline reads with it."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from entrepot.core.decide.jobs import PUT_OFF_MAX
from entrepot.core.funds import Funds, funds_of
from entrepot.core.order import Job
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import sql_of
from entrepot.store.schema.work import PARKED_FOR_A_TIME
from entrepot.store.writing import payments, writes

_jobs = schema.jobs


# A clock of another machine may be ahead by this much without being wrong (microseconds).
SKEW = 5_000_000
# The end of a lease that is further away than this many leases is not believed.
LEASES_AHEAD = 2


class Claimed(NamedTuple):
    """A job now held by this process, with the stage of its order and its payments.

    `held_until`: when the hold of stock ends that an authorisation waits for.
    """

    job: Job
    stage: str | None
    funds: Funds | None
    held_until: int | None = None


class Lease(NamedTuple):
    """The holder of claimed jobs, and the beginning and end of the lease (microseconds)."""

    now: int
    until: int
    holder: int | None = None


def claim(
    conn: Connection, now: int, leased_until: int, limit: int, holder: int | None = None
) -> list[Claimed]:
    """Take jobs that are due and held by nobody, oldest first: the fence rises, the lease starts.

    Two processes that see the same job race on its fence; the slower one's claim is a Conflict.
    """
    free = and_(_jobs.c.state == "due", _jobs.c.run_at <= now, _jobs.c.leased_until <= now)
    return _take(conn, free, Lease(now, leased_until, holder), limit)


def claim_again(conn: Connection, keys: set[tuple[Any, ...]], lease: Lease) -> list[Claimed]:
    """Take these jobs, by organization and id: those that are due, also at a later time, and that
    nobody holds.
    """
    columns, lock = schema.JOBS.columns, sql_of(conn).locks(conn)
    rows = sql.select(conn, schema.jobs, ("org", "id"), keys, columns, lock=lock)
    found = map(schema.JOBS.from_row, rows)
    free = [job for job in found if job.state == "due" and job.leased_until <= lease.now]
    return _leased(conn, free, lease)


def claim_lapsing(conn: Connection, lease: Lease, hold: int, limit: int) -> list[Claimed]:
    """Take parked steps that come again by themselves: authorisations whose hold of stock ends, and
    looks at payments. `hold` is how long a hold lasts at most.
    """
    free = and_(
        # As the index says it: SQLite takes one over some rows only where the text is the same.
        PARKED_FOR_A_TIME,
        or_(_jobs.c.run_at <= lease.now, _jobs.c.run_at > lease.now + hold + SKEW),
        _free_of_lease(lease),
    )
    return _take(conn, free, lease, limit)


def claim_astray(conn: Connection, lease: Lease, limit: int) -> list[Claimed]:
    """Take jobs that a clock has put off or leased which was ahead of the one that is now.

    - A job is put off for PUT_OFF_MAX at most, and never at a moment that has not come.
    - A job that nobody has put off is due since it was made.
    - A lease does not end further ahead than a lease is long.

    A holder that lives after all loses by the fence.
    """
    never = and_(_jobs.c.put_off_at.is_(None), _jobs.c.run_at > lease.now + SKEW)
    longer, later = _jobs.c.run_at > lease.now + PUT_OFF_MAX, _jobs.c.put_off_at > lease.now + SKEW
    ahead = or_(longer, later, never)
    put_off = and_(ahead, _free_of_lease(lease))
    leased = _jobs.c.leased_until > _believed(lease)
    return _take(conn, and_(_jobs.c.state == "due", or_(put_off, leased)), lease, limit)


def _believed(lease: Lease) -> int:
    return lease.now + LEASES_AHEAD * (lease.until - lease.now)


def _free_of_lease(lease: Lease) -> ColumnElement[bool]:
    return or_(_jobs.c.leased_until <= lease.now, _jobs.c.leased_until > _believed(lease))


def _take(conn: Connection, free: ColumnElement[bool], lease: Lease, limit: int) -> list[Claimed]:
    statement = select(_jobs).where(free).order_by(_jobs.c.run_at).limit(limit)
    statement = sql_of(conn).skip_locked(statement)
    found = [schema.JOBS.from_row(tuple(row)) for row in conn.execute(statement)]
    return _leased(conn, found, lease)


def _leased(conn: Connection, found: list[Job], lease: Lease) -> list[Claimed]:
    """These jobs under the lease, with their orders."""
    if not found:
        return []
    taken = [
        job._replace(fence=job.fence + 1, leased_until=lease.until, holder=lease.holder)
        for job in found
    ]
    writes.update(
        conn, _jobs, ("fence", "leased_until", "holder"), ("org", "id", "fence"),
        [(job.fence, job.leased_until, job.holder, job.org, job.id, job.fence - 1)
         for job in taken],
    )  # fmt: skip
    return with_orders(conn, taken)


def end_leases(conn: Connection) -> int:
    """End every lease, at the start of the one process that works on the book; how many there were.

    The fences rise: a process that lives on against all expectation can finish nothing.
    """
    ended = update(_jobs).where(_jobs.c.leased_until > 0)
    return conn.execute(ended.values(leased_until=0, fence=_jobs.c.fence + 1)).rowcount


def with_orders(conn: Connection, taken: list[Job]) -> list[Claimed]:
    """These jobs, with the stage of their orders and their payments."""
    keys: set[tuple[Any, ...]] = {(job.org, job.order_id) for job in taken if job.order_id}
    stages = {
        (row[0], row[1]): row[2]
        for row in sql.select(conn, schema.orders, ("org", "id"), keys, ("org", "id", "stage"))
    }
    paid = payments.of_orders(conn, keys)
    ends = _hold_ends(conn, {(job.org, job.order_id) for job in taken if job.kind == "authorise"})
    return [
        Claimed(
            job,
            stages.get((job.org, job.order_id)) if job.order_id else None,
            _funds(paid.get((job.org, job.order_id))) if job.order_id else None,
            ends.get((job.org, job.order_id)) if job.order_id else None,
        )
        for job in taken
    ]


def _funds(its: payments.OfOrder | None) -> Funds | None:
    return None if its is None else funds_of(its.payments, its.operations)


def _hold_ends(conn: Connection, keys: set[tuple[Any, ...]]) -> dict[tuple[int, bytes], int]:
    ends: dict[tuple[int, bytes], int] = {}
    columns = ("org", "order_id", "state", "held_until")
    for org, order_id, state, until in sql.select(
        conn, schema.reservations, ("org", "order_id"), keys, columns
    ):
        if state == "held":
            ends[org, order_id] = min(until, ends.get((org, order_id), until))
    return ends


def counts(conn: Connection) -> list[tuple[str, str, int, int]]:
    """For every kind and state: how many jobs there are, and when the oldest was to run."""
    statement = select(
        _jobs.c.kind, _jobs.c.state, func.count(), func.min(_jobs.c.run_at)
    ).group_by(_jobs.c.kind, _jobs.c.state)
    return [(row[0], row[1], row[2], row[3]) for row in conn.execute(statement)]


def oldest(conn: Connection) -> int | None:
    """When the oldest job was made that is neither done nor parked; microseconds."""
    made: int | None = conn.execute(
        select(func.min(_jobs.c.created_at)).where(_jobs.c.state == "due")
    ).scalar_one()
    return made


def overdue_holds(conn: Connection, ended_before: int) -> int:
    """How many lines still hold stock whose hold ended before a moment, in microseconds."""
    held = schema.reservations.c
    mine = and_(held.org == _jobs.c.org, held.order_id == _jobs.c.order_id)
    statement = select(func.count()).select_from(_jobs.join(schema.reservations, mine))
    late = and_(_jobs.c.kind == "authorise", held.state == "held", held.held_until < ended_before)
    late = and_(late, _jobs.c.state != "stopped")  # of an order that is held
    number: int = conn.execute(statement.where(late)).scalar_one()
    return number
