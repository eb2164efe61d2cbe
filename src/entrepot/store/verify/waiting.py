"""Rows that wait for longer than they may, by the caller's clock; checked only with a bound."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, select

from entrepot.store import schema
from entrepot.store.verify.own_reading import PUT_OFF_MAX
from entrepot.store.verify.statements import Check

_jobs, _reservations = schema.jobs.c, schema.reservations.c


def checks(now: int, overdue_before: int) -> Iterator[Check]:
    """Holds of stock that ended before a moment, and jobs put off for longer than any policy does;
    times are microseconds.
    """
    late = and_(_reservations.state == "held", _reservations.held_until < overdue_before)
    late = and_(late, _jobs.state != "stopped")  # of an order that is held
    mine = and_(_reservations.org == _jobs.org, _reservations.order_id == _jobs.order_id)
    yield Check(
        "HOLDS",
        # Stock that is held for a payment has the job that asks for it.
        select(
            _reservations.org, _reservations.order_id, _reservations.line_id,
            _reservations.held_until, _jobs.state.label("job"),
        )
        .select_from(schema.jobs.join(schema.reservations, mine))
        .where(_jobs.kind == "authorise", late),
    )  # fmt: skip
    job = select(_jobs.org, _jobs.id.label("job_id"), _jobs.kind, _jobs.order_id, _jobs.run_at)
    yield Check("HOLDS", job.where(_jobs.state == "due", _jobs.run_at > now + PUT_OFF_MAX))
