"""Bulk jobs: many products imported, updated or deleted by one request, in slices."""

from __future__ import annotations

from typing import Final, NamedTuple

from entrepot.core.kinds import Key, Kind, by

IMPORT, UPDATE, DELETE = "BULK_IMPORT", "BULK_UPDATE", "BULK_DELETE"
TYPES: Final = (IMPORT, UPDATE, DELETE)
PENDING, PROCESSING, COMPLETED, FAILED = "PENDING", "PROCESSING", "COMPLETED", "FAILED"
STATES: Final = (PENDING, PROCESSING, COMPLETED, FAILED)
#: States of a job of which something is left to do.
OPEN: Final = (PENDING, PROCESSING)
# Items of a job at most; items that are worked on before the job says so.
ITEMS_MAX, SLICE = 10_000, 50
# Faults that a job names; characters of each.
FAULTS_MAX, FAULT_MAX = 100, 500


class BulkJob(NamedTuple):
    """A job. `faults` is JSON text: a list of the items that failed, each with the reason.

    `actor` is who asked for the job: the events of its items tell of the same actor. Times are
    microseconds UTC.
    """

    org: int
    id: bytes
    type: str
    state: str
    total: int
    processed: int  # items that are over, the failed ones among them
    failed: int
    faults: str
    actor: str
    leased_until: int  # until then one process works on the job
    version: int
    created_at: int
    updated_at: int


class BulkSlice(NamedTuple):
    """Items that are worked on together: a JSON array, as it was told. A finished slice goes."""

    org: int
    job_id: bytes
    number: int  # 0, 1, 2 ... within the job; the first item is number * SLICE
    items: str


class Fault(NamedTuple):
    """An item that failed, by its place in the job from 0, and why."""

    item: int
    error: str


SliceKey = tuple[int, bytes, int]  # organization, job, number
BULK_JOBS: Kind[Key, BulkJob] = Kind("bulk job", BulkJob, by(BulkJob, "org", "id"), guard="version")
BULK_SLICES: Kind[SliceKey, BulkSlice] = Kind(
    "slice of a bulk job", BulkSlice, by(BulkSlice, "org", "job_id", "number")
)
