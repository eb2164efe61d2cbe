"""No fence of a step that ended fits a later step of the same id."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, Book
from tests.core.test_decide_difference import a_book

from entrepot.core.changes import Changes
from entrepot.core.decide.jobs import job_id, set_to_work
from entrepot.core.decide.look import SettleLook
from entrepot.core.decide.notify import NotifyOrder
from entrepot.core.decide.steps import FinishJob
from entrepot.core.facts import Facts
from entrepot.core.kinds import Key
from entrepot.core.refusal import Reason


@pytest.mark.parametrize("claims", [0, 1, 2])
def test_no_fence_of_a_step_that_ended_fits_the_one_after(claims: int) -> None:
    book, order = a_book()
    order = book.order(order)
    key = order.org, job_id(order.id, "look")
    facts = Facts(1, lambda: b"new", leased_until=60_000_001, holder=5)
    first = Changes(facts)
    set_to_work("look", order, facts, first)
    made = first.jobs.get(key)
    assert made is not None

    ended = made._replace(fence=made.fence + claims)
    facts.jobs.read([ended])
    facts.jobs.remove(key)
    second = Changes(facts)
    set_to_work("look", order, facts, second)
    again = second.jobs.get(key)
    assert again is not None
    # The writer hands a step to the worker whose fence has risen.
    assert again.fence > ended.fence
    assert again.leased_until > facts.now


def _claimed(book: Book, key: Key, times: int) -> range:
    """The fences of a job that was claimed so often; the book has the job with the last of them."""
    job = book.facts.jobs[key]
    book.facts.jobs.read([job._replace(fence=job.fence + times)])
    return range(job.fence, job.fence + times + 1)


def _next_transaction(book: Book) -> None:
    """What the next transaction reads of the jobs."""
    for key in set(book.facts.jobs.base) - set(book.facts.jobs.now):
        del book.facts.jobs.base[key]


def test_no_fence_of_a_look_fits_a_look_of_a_later_transaction() -> None:
    """A look changes no version of its order. The worker of a look that another worker took over
    and ended may come late, with an older answer.
    """
    book, order = a_book()
    key = ORG, job_id(order.id, "look")
    version, seen = book.order(order).version, set[int]()
    for _ in range(3):
        changes = Changes(book.facts)
        set_to_work("look", book.order(order), book.facts, changes)
        book.facts.absorb(changes)
        fences = _claimed(book, key, 3)
        assert seen.isdisjoint(fences)
        for stale in seen:
            late = SettleLook(ORG, order.id, key[1], stale, disputed=True)
            assert book.refused(late).reason is Reason.STALE_LEASE
        seen |= set(fences)
        book.done(SettleLook(ORG, order.id, key[1], fences[-1], disputed=None))
        assert book.order(order).version == version
        _next_transaction(book)


def test_no_fence_of_a_fetch_fits_a_fetch_of_a_later_notification() -> None:
    """The source may not have had the order: it is asked again after the next notification."""
    book = Book(has_source=True)
    seen = set[int]()
    for _ in range(3):
        book.done(NotifyOrder(ORG, "polinate", "7001"))
        [key] = [(one.org, one.id) for one in book.facts.jobs.values() if one.kind == "fetch"]
        fences = _claimed(book, key, 3)
        assert seen.isdisjoint(fences)
        seen |= set(fences)
        book.done(FinishJob(ORG, key[1], fences[-1]))
        _next_transaction(book)
