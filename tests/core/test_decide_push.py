"""Connected shops are told of a product: once each, and what became of a push is in the log."""

from __future__ import annotations

import json

import pytest
from tests.core.book import LOOSE, ORG, Book
from tests.core.test_decide_integrations import connect, connected

from entrepot.core import events
from entrepot.core.decide.connect import SwitchConnection
from entrepot.core.decide.push import FinishPush, PushProduct, push_job_id
from entrepot.core.integrations import Push, push_of
from entrepot.core.order import Job
from entrepot.core.products import ITEMS, Item
from entrepot.core.refusal import Reason
from entrepot.core.results import PushResult

NAMES = ("conn-1", "conn 2")


def shops() -> Book:
    book = Book()
    connected(book)
    book.done(connect(NAMES[1]))
    book.facts.of(ITEMS).read([Item(ORG, LOOSE, "Cup", book.facts.now)])
    return book


def push(action: str = "UPSERT", product_id: bytes = LOOSE) -> PushProduct:
    return PushProduct(ORG, product_id, action, NAMES)


def jobs(book: Book) -> list[Job]:
    return [one for one in book.facts.jobs.values() if one.kind == "push"]


def finish(job: Job, fault: str = "") -> FinishPush:
    its = push_of(job.payload or "")
    return FinishPush(ORG, job.id, job.fence, its, job.leased_until, fault)


def told(book: Book) -> list[tuple[str, str]]:
    found = [one for one in book.facts.events if one.type.startswith("integration.sync")]
    return [(one.type, json.loads(one.body)["connection_id"]) for one in found]


def test_each_active_connection_is_told_once() -> None:
    book = shops()
    assert book.done(push()) == PushResult(2)
    assert sorted(push_of(one.payload or "").connection for one in jobs(book)) == sorted(NAMES)
    for job in jobs(book):
        book.done(finish(job, "422" if push_of(job.payload or "").connection == NAMES[0] else ""))
    assert (jobs(book), sorted(told(book))) == (
        [], [("integration.sync_failed", NAMES[0]), ("integration.synced", NAMES[1])],
    )  # fmt: skip


def test_a_paused_connection_is_told_nothing() -> None:
    book = shops()
    book.done(SwitchConnection(ORG, "operator", NAMES[0], active=False))
    assert book.done(push()) == PushResult(1)


def in_hand(book: Book) -> list[Job]:
    """The jobs, claimed by a worker."""
    until = book.facts.now + 30_000_000
    claimed = [one._replace(leased_until=until, fence=one.fence + 1) for one in jobs(book)]
    book.facts.jobs.read(claimed)
    return claimed


def test_a_later_push_takes_the_place_of_an_earlier_one_that_waits() -> None:
    book = shops()
    book.done(push())
    before = jobs(book)
    book.done(push("DELETE"))
    assert len(jobs(book)) == len(before)
    assert {push_of(one.payload or "").action for one in jobs(book)} == {"DELETE"}
    for job in in_hand(book):
        book.done(finish(job))
    for job in before:
        assert book.refused(finish(job)).reason is Reason.STALE_LEASE
    book.done(push())
    # No fence of the jobs before fits the new ones.
    assert min(one.fence for one in jobs(book)) > max(one.fence for one in before)


def test_a_shop_hears_a_later_push_after_the_one_that_a_worker_has_in_hand() -> None:
    """Two workers at once could tell a shop of a product that it is gone, and then that it is."""
    book = shops()
    book.done(push())
    first = in_hand(book)
    book.done(push("DELETE"))
    book.done(push("DELETE"))
    assert {one.leased_until for one in jobs(book)} == {first[0].leased_until}
    for job in first:
        book.done(finish(job))
        assert book.refused(finish(job)).reason is Reason.STALE_LEASE
    assert {one.leased_until for one in jobs(book)} == {0}
    for job in in_hand(book):
        book.done(finish(job))
    actions = [
        json.loads(one.body)["action"] for one in book.facts.events if one.type == events.SYNCED
    ]
    assert (jobs(book), actions) == ([], ["UPSERT"] * 2 + ["DELETE"] * 2)


def test_a_push_whose_lease_another_worker_has_is_stale() -> None:
    book = shops()
    book.done(push())
    first = in_hand(book)
    book.facts.now += 60_000_000
    in_hand(book)
    for job in first:
        assert book.refused(finish(job)).reason is Reason.STALE_LEASE


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (push(product_id=b"?" * 16), Reason.UNKNOWN_PRODUCT),
        (push("MOVE"), Reason.INVALID),
    ],
    ids=["product", "action"],
)
def test_what_a_push_refuses(command: PushProduct, reason: Reason) -> None:
    assert shops().refused(command).reason is reason


def test_a_push_is_read_as_it_was_written() -> None:
    told = Push("a name with blanks", "0" * 36, "UPSERT")
    assert push_of(told.text()) == told
    assert push_job_id(1, "a", LOOSE) != push_job_id(2, "a", LOOSE)
