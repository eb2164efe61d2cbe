"""Bulk jobs, page by page, and what is left of them to do. Nothing here writes."""

from __future__ import annotations

from sqlalchemy import Connection, select

from entrepot.core.bulk_jobs import BulkJob, BulkSlice
from entrepot.core.leases import AHEAD_MAX
from entrepot.store import schema
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in
from entrepot.store.schema.bulk_jobs import OPEN

_jobs, _slices = schema.bulk_jobs.c, schema.bulk_slices.c
_COLUMNS = [_jobs[name] for name in schema.BULK_JOBS.columns]
_LISTED = ", ".join(schema.BULK_JOBS.columns)


@asked_in("snapshot")
def job(conn: Connection, org: int, job_id: bytes) -> BulkJob | None:
    """The job with this id; None if the organization has none."""
    statement = select(*_COLUMNS).where(_jobs.org == org, _jobs.id == job_id)
    found = conn.execute(statement).first()
    return None if found is None else schema.BULK_JOBS.readable_row(tuple(found))


@asked_in("snapshot")
def listed(
    conn: Connection, org: int, type_: str, after: bytes | None, limit: int
) -> list[BulkJob]:
    """Up to `limit` jobs of a type, newest first, behind the one with the id `after`."""
    statement = select(*_COLUMNS).where(_jobs.org == org, _jobs.type == type_)
    if after is not None:
        statement = statement.where(_jobs.id < after)
    newest = statement.order_by(_jobs.id.desc()).limit(limit)
    return [schema.BULK_JOBS.readable_row(tuple(row)) for row in conn.execute(newest)]


def due(conn: Connection, now: int, limit: int) -> list[BulkJob]:
    """Up to `limit` jobs of all organizations that are not over and that nobody holds.

    One statement, which is asked twice a second.
    """
    statement = Statement(conn)
    low, high, most = map(statement.mark, (now + 1, now + AHEAD_MAX, limit))
    rows = statement.fetch(
        f"SELECT {_LISTED} FROM bulk_jobs WHERE ({OPEN}) "
        f"AND NOT leased_until BETWEEN {low} AND {high} "  # see core.leases
        f"ORDER BY created_at LIMIT {most}"
    )
    return [schema.BULK_JOBS.readable_row(row) for row in rows]


def next_slice(conn: Connection, org: int, job_id: bytes) -> BulkSlice | None:
    """The first slice of a job that is left; None where none is."""
    statement = select(*[_slices[name] for name in schema.BULK_SLICES.columns])
    statement = statement.where(_slices.org == org, _slices.job_id == job_id)
    found = conn.execute(statement.order_by(_slices.number).limit(1)).first()
    return None if found is None else schema.BULK_SLICES.readable_row(tuple(found))
