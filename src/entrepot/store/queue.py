"""The job queue's own statements: claiming what is due, and what the pipeline reads with it."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, select

from entrepot.core.order import Attempt, Job
from entrepot.store import bulk, rows, schema, writes

_jobs = schema.jobs


class Claimed(NamedTuple):
    """A job now held by this process, with the stage of its order and its latest attempt."""

    job: Job
    stage: str | None
    attempt: Attempt | None


def claim(conn: Connection, now: int, leased_until: int, limit: int) -> list[Claimed]:
    """Take jobs that are due and held by nobody, oldest first: the fence rises, the lease starts.

    Two processes that see the same job race on its fence; the slower one's claim is a Conflict.
    """
    free = and_(_jobs.c.state == "due", _jobs.c.run_at <= now, _jobs.c.leased_until <= now)
    statement = select(_jobs).where(free).order_by(_jobs.c.run_at).limit(limit)
    if conn.dialect.name == "postgresql":
        statement = statement.with_for_update(skip_locked=True)
    found = [rows.job(tuple(row)) for row in conn.execute(statement)]
    if not found:
        return []
    taken = [job._replace(fence=job.fence + 1, leased_until=leased_until) for job in found]
    writes.update(
        conn, _jobs, ("fence", "leased_until"), ("org", "id", "fence"),
        [(job.fence, job.leased_until, job.org, job.id, job.fence - 1) for job in taken],
    )  # fmt: skip
    return with_orders(conn, taken)


def with_orders(conn: Connection, taken: list[Job]) -> list[Claimed]:
    """These jobs, with the stage of their orders and their latest attempts."""
    keys: set[tuple[Any, ...]] = {(job.org, job.order_id) for job in taken if job.order_id}
    stages = {
        (row[0], row[1]): row[2]
        for row in bulk.select(conn, schema.orders, ("org", "id"), keys, ("org", "id", "stage"))
    }
    attempts: dict[tuple[int, bytes], Attempt] = {}
    for row in bulk.select(conn, schema.payment_attempts, ("org", "order_id"), keys, rows.ATTEMPT):
        attempt = rows.attempt(row)
        before = attempts.get((attempt.org, attempt.order_id))
        if before is None or before.number < attempt.number:
            attempts[attempt.org, attempt.order_id] = attempt
    return [
        Claimed(
            job,
            stages.get((job.org, job.order_id)) if job.order_id else None,
            attempts.get((job.org, job.order_id)) if job.order_id else None,
        )
        for job in taken
    ]


def counts(conn: Connection) -> list[tuple[str, str, int, int]]:
    """For every kind and state: how many jobs there are, and when the oldest was to run."""
    statement = select(
        _jobs.c.kind, _jobs.c.state, func.count(), func.min(_jobs.c.run_at)
    ).group_by(_jobs.c.kind, _jobs.c.state)
    return [(row[0], row[1], row[2], row[3]) for row in conn.execute(statement)]
