"""A step of the pipeline is told of its order without a read."""

from __future__ import annotations

from tests.core.book import Book, line

from entrepot.core.seen import Seen


def test_an_order_that_moved_on_is_not_told_as_its_first_step_left_it() -> None:
    book = Book(leased=1)
    book.stock()
    placed = book.placed(line(), payment_provider="stripe", payment_reference="pi_1")
    step = book.reserved(placed)
    assert step.job is not None
    assert step.order is not None
    facts, key = book.facts, (placed.org, placed.id)
    true = facts.seen(step.job)
    assert true is not None
    assert len(true.reservations) == 1
    left = Seen(true.org, step.order, (), step.funds, step.job)
    facts.left[key] = left
    assert facts.seen(step.job) == left, "nothing happened since"
    facts.left[key] = left._replace(order=step.order.changed(version=1))
    assert facts.seen(step.job) == true, "the order moved on"
    facts.left[key] = left._replace(job=step.job._replace(fence=9))
    assert facts.seen(step.job) == true, "the job did"
