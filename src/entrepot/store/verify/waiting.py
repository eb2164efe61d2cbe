"""Rows that wait for longer than they may, by bounds that the caller gives with each audit.

All other checks are made once a process, so no bound is in any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, or_, select

from entrepot.store import schema
from entrepot.store.verify.own_reading import PUT_OFF_MAX
from entrepot.store.verify.statements import Check

_jobs, _reservations = schema.jobs.c, schema.reservations.c


class Horizons(NamedTuple):
    """Times (microseconds) after which no job is due, and after which no lease ends."""

    due: int
    leased: int


def checks(
    now: int | None, overdue_before: int | None, horizons: Horizons | None
) -> Iterator[Check]:
    """Those whose bounds are given; times are microseconds.

    Jobs due before `overdue_before` and held by nobody are late. With `now`, so are holds of stock
    that ended before `overdue_before`, and jobs put off for longer than any policy does. Jobs
    beyond `horizons` are put off too far.
    """
    job = select(_jobs.org, _jobs.id.label("job_id"), _jobs.kind, _jobs.order_id)
    timed = job.add_columns(_jobs.run_at)
    if overdue_before is not None:
        late = and_(_jobs.run_at < overdue_before, _jobs.leased_until < overdue_before)
        yield Check("HAS_A_JOB", timed.where(_jobs.state == "due", late))
        if now is not None:
            yield Check("HOLDS", _held_too_long(overdue_before))
            put_off = _jobs.run_at > now + PUT_OFF_MAX
            yield Check("HOLDS", timed.where(_jobs.state == "due", put_off))
    if horizons is not None:
        ahead = or_(
            and_(_jobs.state == "due", _jobs.run_at > horizons.due),
            _jobs.leased_until > horizons.leased,
        )
        yield Check("JOBS", timed.add_columns(_jobs.leased_until).where(ahead))


def _held_too_long(overdue_before: int) -> Select[Any]:
    late = and_(_reservations.state == "held", _reservations.held_until < overdue_before)
    late = and_(late, _jobs.state != "stopped")  # of an order that is held
    mine = and_(_reservations.org == _jobs.org, _reservations.order_id == _jobs.order_id)
    # Stock that is held for a payment has the job that asks for it.
    told = select(
        _reservations.org, _reservations.order_id, _reservations.line_id,
        _reservations.held_until, _jobs.state.label("job"),
    )  # fmt: skip
    held = told.select_from(schema.jobs.join(schema.reservations, mine))
    return held.where(_jobs.kind == "authorise", late)
