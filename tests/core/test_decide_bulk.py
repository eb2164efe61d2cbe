"""Bulk jobs: what is counted of them, and who may write."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.book import ORG, Book

from entrepot.core.bulk_jobs import (
    BULK_SLICES,
    COMPLETED,
    FAILED,
    FAULTS_MAX,
    IMPORT,
    ITEMS_MAX,
    PENDING,
    PROCESSING,
    SLICE,
    BulkJob,
    Fault,
)
from entrepot.core.decide.bulk import ClaimBulkJob, FinishSlice, MakeBulkJob
from entrepot.core.refusal import Reason
from entrepot.core.results import BulkJobResult

LATER = 10**9


def job_of(book: Book, command: MakeBulkJob | ClaimBulkJob | FinishSlice) -> BulkJob:
    result = book.done(command)
    assert isinstance(result, BulkJobResult)
    return result.job


def made(book: Book, total: int) -> BulkJob:
    slices = tuple("[]" for _ in range(0, total, SLICE))
    return job_of(book, MakeBulkJob(ORG, "synq", IMPORT, total, slices))


def claimed(book: Book, job: BulkJob) -> BulkJob:
    return job_of(book, ClaimBulkJob(ORG, job.id, job.version, book.facts.now + LATER))


def finishing(job: BulkJob, number: int, faults: tuple[int, ...] = ()) -> FinishSlice:
    told = tuple(Fault(at, "no") for at in faults)
    done = min(SLICE, job.total - number * SLICE)
    return FinishSlice(ORG, job.id, job.version, number, done, told, 7)


@settings(max_examples=40)
@given(st.integers(1, 4 * SLICE), st.data())
def test_a_job_is_over_once_each_slice_is(total: int, data: st.DataObject) -> None:
    book = Book()
    job = claimed(book, made(book, total))
    failed = 0
    for number in range((total + SLICE - 1) // SLICE):
        assert (job.state, job.processed) == (PROCESSING, number * SLICE)
        most = min(SLICE, total - number * SLICE)
        faults = sorted(data.draw(st.sets(st.integers(0, most - 1))))
        job = job_of(book, finishing(job, number, tuple(faults)))
        failed += len(faults)
        assert (job.failed, len(json.loads(job.faults))) == (failed, min(failed, FAULTS_MAX))
    assert (job.state, job.processed) == (FAILED if failed == total else COMPLETED, total)
    assert job.leased_until == 0
    assert not book.facts.of(BULK_SLICES)
    end = "bulk_job.failed" if failed == total else "bulk_job.completed"
    assert [one.type for one in book.facts.events] == ["bulk_job.created", end]


def test_faults_are_named_by_their_place_in_the_job() -> None:
    book = Book()
    job = claimed(book, made(book, SLICE + 2))
    job = job_of(book, finishing(job, 0, (3,)))
    job = job_of(book, finishing(job, 1, (1,)))
    assert [one["item"] for one in json.loads(job.faults)] == [3, SLICE + 1]


def test_a_slice_is_counted_once() -> None:
    book = Book()
    job = claimed(book, made(book, 2 * SLICE))
    after = job_of(book, finishing(job, 0))
    for stale in (finishing(job, 0), finishing(after, 0), finishing(job, 1)):
        assert book.refused(stale).reason is Reason.STALE_LEASE
    assert book.facts.events[-1].type == "bulk_job.created"


def test_a_job_that_is_held_or_over_is_not_taken() -> None:
    book = Book()
    job = made(book, 1)
    held = claimed(book, job)
    for version in (job.version, held.version):
        again = ClaimBulkJob(ORG, job.id, version, book.facts.now + LATER)
        assert book.refused(again).reason is Reason.STALE_LEASE
    book.facts.now += 2 * LATER
    held = claimed(book, held)
    over = job_of(book, finishing(held, 0))
    again = ClaimBulkJob(ORG, job.id, over.version, book.facts.now + LATER)
    assert book.refused(again).reason is Reason.STALE_LEASE


def test_a_job_without_items_is_over_at_once() -> None:
    book = Book()
    assert made(book, 0).state == COMPLETED
    assert [one.type for one in book.facts.events] == ["bulk_job.created", "bulk_job.completed"]
    assert made(book, 1).state == PENDING


@pytest.mark.parametrize(
    ("type_", "total", "field"),
    [("BULK", 1, "job_type"), (IMPORT, ITEMS_MAX + 1, "payload")],
)
def test_what_is_no_job(type_: str, total: int, field: str) -> None:
    refusal = Book().refused(MakeBulkJob(ORG, "synq", type_, total, ()))
    assert (refusal.reason, refusal.field) == (Reason.INVALID, field)
