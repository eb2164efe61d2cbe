"""Bulk jobs: what is counted, what is left, and what the log tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Select, and_, func, not_, or_, select

from entrepot.store import schema
from entrepot.store.verify.statements import Check

_SLICE: Final = 50  # items
_jobs, _slices = schema.bulk_jobs.c, schema.bulk_slices.c


def checks() -> Iterator[Check]:
    """All of them."""
    yield Check("BULK_JOBS", _miscounted())
    yield Check("BULK_JOBS", _untold())


def _miscounted() -> Select[Any]:
    """Jobs that are over with something left, that are not and have nothing left, or that have
    other slices than what is left makes.
    """
    its = and_(_slices.org == _jobs.org, _slices.job_id == _jobs.id)
    slices = select(func.count()).where(its).scalar_subquery()
    left = _jobs.total - _jobs.processed
    is_over = _jobs.state.in_(("COMPLETED", "FAILED"))
    wrong = or_(
        left < 0, _jobs.failed < 0, _jobs.failed > _jobs.processed,
        and_(is_over, left != 0), and_(not_(is_over), left == 0),
        slices != (left + _SLICE - 1) // _SLICE,
        and_(_jobs.state == "FAILED", _jobs.failed != _jobs.total),
        and_(_jobs.state == "PENDING", _jobs.processed != 0),
    )  # fmt: skip
    told = select(_jobs.org, _jobs.id.label("job_id"), _jobs.state, _jobs.total, _jobs.processed)
    return told.where(wrong)


def _untold() -> Select[Any]:
    """Jobs whose making, or whose end, the log does not tell."""
    event = schema.events.alias("e").c
    its = and_(event.org == _jobs.org, event.subject_id == _jobs.id)
    there = select(func.count()).where(its).scalar_subquery()
    is_over = _jobs.state.in_(("COMPLETED", "FAILED"))
    told = select(_jobs.org, _jobs.id.label("job_id"), _jobs.state)
    return told.where(or_(and_(is_over, there != 2), and_(not_(is_over), there != 1)))
