"""Bulk jobs: what is asked for, who works on it, and what became of each slice."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from entrepot.core import events
from entrepot.core.bulk_jobs import (
    BULK_JOBS,
    BULK_SLICES,
    COMPLETED,
    FAILED,
    FAULT_MAX,
    FAULTS_MAX,
    ITEMS_MAX,
    OPEN,
    PENDING,
    PROCESSING,
    SLICE,
    TYPES,
    BulkJob,
    BulkSlice,
    Fault,
)
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.leases import is_ahead
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import BulkJobResult, Decision


class MakeBulkJob(NamedTuple):
    """Have these items worked on. A slice is a JSON array of SLICE items, or of the rest."""

    org: int
    source: str
    type: str
    total: int
    slices: tuple[str, ...]


class ClaimBulkJob(NamedTuple):
    """Pipeline: work on this job, until the lease ends."""

    org: int
    job_id: bytes
    version: int  # as it was read
    leased_until: int


class FinishSlice(NamedTuple):
    """Pipeline: a slice is over. `done` items were worked on, those in `faults` failed.

    `leased_until`: the process goes on with the job until then; 0 lets the job go.
    """

    org: int
    job_id: bytes
    version: int
    number: int
    done: int
    faults: tuple[Fault, ...]
    leased_until: int


def wants_nothing(command: MakeBulkJob, needs: Needs) -> None:
    """The organization alone."""


def make(command: MakeBulkJob, facts: Facts) -> Decision:
    """Keep the job with its slices. Refused: a type that is none, and too many items.

    A job without items is over at once.
    """
    org, now, changes = command.org, facts.now, Changes(facts)
    if command.type not in TYPES:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(TYPES)}", "job_type")
    if command.total > ITEMS_MAX:
        raise refuse(Reason.INVALID, f"a job has at most {ITEMS_MAX:,} items", "payload")
    state = PENDING if command.total else COMPLETED
    made = BulkJob(
        org, facts.new_id(), command.type, state, command.total, 0, 0, "[]", facts.actor, 0, 1,
        now, now,
    )  # fmt: skip
    changes.of(BULK_JOBS).put(made)
    changes.of(BULK_SLICES).put_all(
        BulkSlice(org, made.id, number, items) for number, items in enumerate(command.slices)
    )
    body = {"job_type": made.type, "total_items": made.total}
    changes.events.append(_event(made, 1, events.BULK_JOB_CREATED, command.source, body, facts))
    if not command.total:
        changes.events.append(_end(made, command.source, facts))
    return Decision(changes, BulkJobResult(made))


def wants_to_claim(command: ClaimBulkJob, needs: Needs) -> None:
    """The job."""
    needs.of(BULK_JOBS).add((command.org, command.job_id))


def claim(command: ClaimBulkJob, facts: Facts) -> Decision:
    """Take the job. Refused: one that another process has or has changed, and one that is over."""
    known = _held(command.org, command.job_id, command.version, facts)
    if is_ahead(known.leased_until, facts.now):
        raise refuse(Reason.STALE_LEASE)
    taken = _changed(known, facts, state=PROCESSING, leased_until=command.leased_until)
    changes = Changes(facts)
    changes.of(BULK_JOBS).put(taken)
    return Decision(changes, BulkJobResult(taken))


def wants_to_finish(command: FinishSlice, needs: Needs) -> None:
    """The job, and the slice."""
    needs.of(BULK_JOBS).add((command.org, command.job_id))
    needs.of(BULK_SLICES).add((command.org, command.job_id, command.number))


def finish(command: FinishSlice, facts: Facts) -> Decision:
    """Count the slice, and let its items go. With the last one the job is over.

    A job of which every item failed has failed; else it is completed, and names what failed.
    Refused: what another process has changed meanwhile.
    """
    known = _held(command.org, command.job_id, command.version, facts)
    changes = Changes(facts)
    key = (command.org, command.job_id, command.number)
    if changes.of(BULK_SLICES).get(key) is None:
        raise refuse(Reason.STALE_LEASE)
    changes.of(BULK_SLICES).remove(key)
    processed, failed = known.processed + command.done, known.failed + len(command.faults)
    is_over = processed >= known.total
    state = PROCESSING
    if is_over:
        state = FAILED if failed == known.total else COMPLETED
    job = _changed(
        known, facts, state=state, processed=processed, failed=failed,
        faults=_named(known.faults, command), leased_until=0 if is_over else command.leased_until,
    )  # fmt: skip
    changes.of(BULK_JOBS).put(job)
    if is_over:
        changes.events.append(_end(job, "pipeline", facts))
    return Decision(changes, BulkJobResult(job))


def _named(known: str, command: FinishSlice) -> str:
    """The faults that the job names, the first ones."""
    named: list[Any] = json.loads(known)
    told = [
        {"item": command.number * SLICE + one.item, "error": one.error[:FAULT_MAX]}
        for one in command.faults[: FAULTS_MAX - len(named)]
    ]
    return json.dumps(named + told, ensure_ascii=False)


def _held(org: int, job_id: bytes, version: int, facts: Facts) -> BulkJob:
    known = facts.of(BULK_JOBS).get((org, job_id))
    if known is None or known.version != version or known.state not in OPEN:
        raise refuse(Reason.STALE_LEASE)
    return known


def _changed(known: BulkJob, facts: Facts, **members: Any) -> BulkJob:
    at = max(facts.now, known.updated_at)
    return known._replace(version=known.version + 1, updated_at=at, **members)


def _end(job: BulkJob, source: str, facts: Facts) -> Event:
    type_ = events.BULK_JOB_FAILED if job.state == FAILED else events.BULK_JOB_COMPLETED
    body = {"total_items": job.total, "failed_items": job.failed}
    return _event(job, 2, type_, source, body, facts)


def _event(
    job: BulkJob, seq: int, type_: str, source: str, body: dict[str, Any], facts: Facts
) -> Event:
    return Event(
        job.org, job.id, seq, type_, facts.now, source, text_of(body), events.BULK_JOB, facts.actor
    )
