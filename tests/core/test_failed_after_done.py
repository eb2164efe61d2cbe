"""A capture or a refund that fails at its service after the service had done it."""

from __future__ import annotations

from itertools import permutations

import pytest
from tests.core.book import ORG, Book, telling
from tests.core.test_decide_difference import ONCE, a_book, costing, funds, job_of, work

from entrepot.core import events, ids
from entrepot.core.decide.after_done import Failed
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.look import SettleLook
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.wake import WakeStep
from entrepot.core.money import Amount
from entrepot.core.notice import NOTICES, Notice, Topics
from entrepot.core.order import Order
from entrepot.core.payment import sums
from entrepot.core.refusal import Reason

CAPTURE, REFUND = 2, 3  # the numbers of the operations behind the authorisation


def moved(refund: int | None = None, capture: int | None = None) -> tuple[Book, Order]:
    """An order of 10.00 EUR whose money was taken, and of which so much was given back."""
    book, order = a_book()
    amount = None if capture is None else Amount(capture, 2)
    book.done(CaptureOrder(ORG, "native", order.id, amount))
    settled(book, order)
    if refund is not None:
        book.done(RefundOrder(ORG, "native", order.id, Amount(refund, 2)))
        settled(book, order)
    return book, order


def settled(book: Book, order: Order) -> None:
    for _ in range(3):
        work(book, order, good=True)


def told(book: Book, order: Order, *, failed: bool = True, event: str = "") -> list[str]:
    """The kinds of the order's jobs after a notification that something failed."""
    book.done(WakeStep(ORG, "adyen", ids.dashed(order.id), event, Topics(failure=failed)))
    return [job.kind for job in book.jobs(order)]


def looked(book: Book, order: Order, *numbers: int) -> Order:
    job, failed = job_of(book, order, "look"), tuple(Failed(1, one, "no") for one in numbers)
    book.done(SettleLook(ORG, order.id, job.id, job.fence, False, failed=failed))
    return book.order(order)


@pytest.mark.parametrize(
    ("refund", "numbers", "facet", "left"),
    [
        (None, (CAPTURE,), "authorized", (1000, 0)),
        (1000, (REFUND,), "paid", (0, 1000)),
        (400, (REFUND,), "paid", (0, 1000)),
        (1000, (CAPTURE, REFUND), "authorized", (1000, 0)),
    ],
)
def test_the_order_stands_as_its_sums_say(
    refund: int | None, numbers: tuple[int, ...], facet: str, left: tuple[int, int]
) -> None:
    book, order = moved(refund)
    assert told(book, order) == ["look"]
    after = looked(book, order, *numbers)
    kind = "capture" if CAPTURE in numbers else "refund"
    assert (after.facets.payment, after.reason) == (facet, f"{kind}_declined")
    assert f"the {kind} of " in (after.reason_detail or "")
    assert "EUR failed after it was done: no" in (after.reason_detail or "")
    its = funds(book, order)
    assert (its.capturable, its.refundable) == left
    types = [events.REFUND_DECLINED, events.CAPTURE_DECLINED]
    said = [one for one in book.types(order) if one in types]
    assert said == [types[number == CAPTURE] for number in sorted(numbers, reverse=True)]
    assert book.jobs(order) == []


def test_a_repeat_changes_nothing_more() -> None:
    book, order = moved(400)
    notice = Notice(ORG, "adyen", ids.dashed(order.id), "evt", book.facts.now, 0, b"")
    book.facts.of(NOTICES).read([notice])
    assert told(book, order, event="evt") == ["look"]
    after = looked(book, order, REFUND)
    assert told(book, order, event="evt") == [], "the capture could fail as well"
    assert book.order(order) == after
    assert told(book, order) == ["look"]
    assert looked(book, order, REFUND) == after


@pytest.mark.parametrize("script", sorted(set(permutations(["done", "failed", "failed"]))))
def test_any_order_of_what_is_notified_ends_in_the_same_state(script: tuple[str, ...]) -> None:
    """The service answers by all that it has told: one that failed was not done."""
    book, order = a_book()
    book.done(CaptureOrder(ORG, "native", order.id))
    known = False
    for word in script:
        known = known or word == "failed"
        if word == "failed":
            told(book, order)
        for job in book.jobs(order):
            if job.kind == "look":
                looked(book, order, CAPTURE)
            elif funds(book, order).first.first_open("capture") is not None:
                settle = SettleOperation(
                    ORG, order.id, job.id, job.fence, 1, CAPTURE, not known, "no", "psp"
                )
                book.done(settle)
            else:
                work(book, order, good=True)
    after = book.order(order)
    assert (after.facets.payment, after.reason) == ("authorized", "capture_declined")
    assert book.asked(order) == [("authorise", "done"), ("capture", "declined")]
    assert (funds(book, order).capturable, book.jobs(order)) == (1000, [])


@pytest.mark.parametrize("failed_first", [False, True])
@pytest.mark.parametrize("final", [False, True])
def test_the_rest_of_a_last_capture_that_failed_is_held_in_either_order(
    failed_first: bool, final: bool
) -> None:
    """The service let go of the rest with the capture, and had not done the capture after all."""
    book, order = a_book()
    book.done(CaptureOrder(ORG, "native", order.id, Amount(600, 2)))
    job = job_of(book, order, "capture")
    settle = SettleOperation(
        ORG,
        order.id,
        job.id,
        job.fence,
        1,
        CAPTURE,
        not failed_first,
        "no",
        "psp",
        final=final and not failed_first,
    )
    book.done(settle)
    if not failed_first:
        assert funds(book, order).first.held == (0 if final else 400)
        work(book, order, good=True)
        told(book, order)
        looked(book, order, CAPTURE)
    after, its = book.order(order), funds(book, order)
    assert (after.facets.payment, after.reason) == ("authorized", "capture_declined")
    assert (its.first.held, its.capturable, its.refundable) == (1000, 1000, 0)
    assert book.jobs(order) == []
    book.told(order, ("polinate_phase", "CANCELLED"))
    work(book, order, good=True)
    assert book.order(order).facets.payment == "voided"


def test_an_answer_from_before_the_notification_is_not_taken() -> None:
    book, order = a_book()
    book.done(CaptureOrder(ORG, "native", order.id))
    job = job_of(book, order, "capture")
    told(book, order)
    late = SettleOperation(ORG, order.id, job.id, job.fence, 1, CAPTURE, True, "", "psp")
    assert book.refused(late).reason is Reason.STALE_LEASE


@pytest.mark.parametrize("open_", [True, False])
def test_refunds_are_never_above_captures(open_: bool) -> None:
    """The service says that the money it gave back, or is giving back, was never taken."""
    book, order = moved()
    book.done(RefundOrder(ORG, "native", order.id, Amount(400, 2)))
    if not open_:
        settled(book, order)
    assert "look" in told(book, order)
    after = looked(book, order, CAPTURE)
    assert (after.parked, book.asked(order)[1]) == (True, ("capture", "done"))
    assert "gave money of it back" in (after.reason_detail or "")
    # The refund failed as well, and somebody retries.
    if not open_:
        assert looked(book, order, CAPTURE, REFUND).parked is False
        assert funds(book, order).capturable == 1000


def test_a_capture_that_may_be_under_way_is_waited_for_behind_an_older_payments_new_one() -> None:
    """The answer to the capture of the second payment is lost when the first one's capture, which
    failed after it was done, is asked for anew.
    """
    book, order = a_book()
    book.done(costing(order, 1500))
    work(book, order, good=True)
    book.done(CaptureOrder(ORG, "native", order.id))
    job = job_of(book, order, "capture")
    book.done(SettleOperation(ORG, order.id, job.id, job.fence, 1, CAPTURE, True, "", "capture-1"))
    told(book, order)
    looked(book, order, CAPTURE)
    book.done(CaptureOrder(ORG, "native", order.id, Amount(1000, 2)))
    book.told(order, ("polinate_phase", "CANCELLED"))
    second = funds(book, order).payments[1].operations[-1]
    assert (second.kind, second.state) == ("capture", "prepared")
    for _ in range(8):
        settled(book, order)
    after = funds(book, order)
    assert (after.kept, sums(after.payments[1].operations).captured) == (0, 500)
    assert book.jobs(order) == []


def test_a_capture_that_is_under_way_is_waited_for_before_what_is_held_again_is_let_go() -> None:
    book, order = moved(capture=400)
    book.done(CaptureOrder(ORG, "native", order.id, Amount(300, 2)))
    told(book, order)
    book.told(order, ("polinate_phase", "CANCELLED"))
    looked(book, order, CAPTURE)
    assert [one.kind for one in funds(book, order).first.operations] == [
        "authorise", "capture", "capture",
    ]  # fmt: skip
    settled(book, order)
    settled(book, order)
    after = funds(book, order)
    done = sums(after.first.operations)
    assert (done.captured, done.voided, done.refunded, book.jobs(order)) == (300, 700, 300, [])


def test_what_is_held_for_nothing_once_more_is_let_go() -> None:
    book, order = moved(capture=400)
    book.done(CaptureOrder(ORG, "native", order.id))
    settled(book, order)
    book.done(costing(order, 400))  # 4.00 are given back of the first capture, 2.00 of the second
    settled(book, order)
    assert told(book, order) == ["look"]
    looked(book, order, 3, 4)
    assert [job.kind for job in book.jobs(order)] == ["void"]
    assert (funds(book, order).taken, funds(book, order).first.held) == (400, 0)


def test_what_is_held_once_more_of_an_order_that_ended_is_let_go() -> None:
    book, order = moved()
    book.told(order, ("polinate_phase", "CANCELLED"))
    settled(book, order)
    assert book.order(order).facets[:2] == ("cancelled", "refunded")
    assert told(book, order) == ["look"]
    looked(book, order, CAPTURE, REFUND)
    assert [job.kind for job in book.jobs(order)] == ["void"]
    work(book, order, good=True)
    assert book.order(order).facets[:2] == ("cancelled", "voided")


def test_a_notification_that_nothing_failed_has_nothing_looked_at() -> None:
    book, order = moved(1000)
    assert told(book, order, failed=False) == []


def test_a_void_lets_go_of_a_capture_that_failed_after_the_void_was_written_down() -> None:
    book, order = moved(capture=300)
    book.done(CaptureOrder(ORG, "native", order.id, Amount(300, 2)))
    settled(book, order)
    book.told(order, ("polinate_phase", "CANCELLED"))
    for number in (5, 6):
        job = job_of(book, order, "refund")
        book.done(SettleOperation(ORG, order.id, job.id, job.fence, 1, number, False, "no"))
    assert "look" in told(book, order)
    looked(book, order, CAPTURE)
    assert funds(book, order).first.held == 300, "the void is of what was held before"
    settled(book, order)
    after, its = book.order(order), funds(book, order)
    assert (after.facets.payment, its.first.held, book.jobs(order)) == ("paid", 0, [])


@pytest.mark.parametrize("second", ["nobody", "lives", "ended"])
def test_an_order_whose_refund_failed_claims_its_payment_again(second: str) -> None:
    """The next order with the reference is told whose payment that was; nobody was told before."""
    book, order = a_book(ONCE)
    book.done(CaptureOrder(ORG, "native", order.id))
    settled(book, order)
    book.done(RefundOrder(ORG, "native", order.id))
    settled(book, order)
    assert not book.facts.claims
    said = {"payment_provider": "adyen", "payment_reference": ONCE}
    between = None if second == "nobody" else book.placed(**said)
    if between is not None:
        assert between.shares_payment_of is None
        if second == "ended":
            book.done(telling(between, ("polinate_phase", "CANCELLED")))
    told(book, order)
    looked(book, order, REFUND)
    [claim] = book.facts.claims.values()
    lives = between is not None and second == "lives"
    assert (claim.order_id, claim.shared) == ((between or order).id if lives else order.id, lives)
    later = book.placed(**said)
    assert later.shares_payment_of == ((between or order).id if lives else order.id)
