"""A step that is made in the transaction that ended one of the same id has a fence of its own."""

from __future__ import annotations

import pytest
from tests.core.test_decide_difference import a_book

from entrepot.core.changes import Changes
from entrepot.core.decide.jobs import job_id, new_job, set_to_work
from entrepot.core.facts import Facts


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


def test_a_step_of_a_later_transaction_has_the_fence_of_its_version() -> None:
    book, order = a_book()
    order = book.order(order)
    facts = Facts(1, lambda: b"new")
    changes = Changes(facts)
    set_to_work("look", order, facts, changes)
    made = changes.jobs.get((order.org, job_id(order.id, "look")))
    fresh = new_job("look", order.org, job_id(order.id, "look"), order.id, facts)
    assert made is not None
    assert made.fence - fresh.fence == order.version << 20
