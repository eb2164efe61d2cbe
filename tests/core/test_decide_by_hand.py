"""Held money that was taken, or let go, at the service's own pages, which the service notifies."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, Book
from tests.core.test_decide_difference import a_book, answered, costing, funds, job_of, work
from tests.core.test_decide_renew import dues, held, renewing

from entrepot.core import ids
from entrepot.core.decide.after_done import Failed
from entrepot.core.decide.by_hand import HoldSeen, RefundSeen
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.look import SettleLook
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.wake import WakeStep
from entrepot.core.lifecycle import PAYMENT_MOVES
from entrepot.core.money import Amount
from entrepot.core.notice import Topics
from entrepot.core.order import Order
from entrepot.core.payment import CaptureFound
from entrepot.core.refunds import RefundFound

ENDED = "adyen holds no money of the order any more: the hold has ended there, or was let go"
HALF, OTHER_HALF = CaptureFound("CAPT-1", 600), CaptureFound("CAPT-2", 400)
WHOLE = CaptureFound("CAPT-1", 1000)


def notified(book: Book, order: Order, *, of_hold: bool = True, failed: bool = False) -> list[str]:
    topics = Topics(failure=failed, hold=of_hold)
    book.done(WakeStep(ORG, "adyen", ids.dashed(order.id), topics=topics))
    return [job.kind for job in book.jobs(order)]


def seen(book: Book, order: Order, *holds: HoldSeen, failed: tuple[Failed, ...] = ()) -> Order:
    """The order after a notification that a hold is no more, and the service's word on that."""
    assert "look" in notified(book, order, failed=bool(failed))
    job = job_of(book, order, "look")
    book.done(SettleLook(ORG, order.id, job.id, job.fence, False, failed=failed, holds=holds))
    return book.order(order)


def test_only_a_notification_of_a_hold_has_held_money_looked_at() -> None:
    book, order = a_book()
    assert notified(book, order, of_hold=False) == []
    book.done(CaptureOrder(ORG, "native", order.id))
    assert notified(book, order) == ["capture"], "its outcome says what became of the hold"
    book.told(order, ("polinate_phase", "CANCELLED"))
    assert notified(book, order) == ["capture"]


@pytest.mark.parametrize(
    ("hold", "facet", "left", "detail", "types"),
    [
        (HoldSeen(1, True), "voided", (0, 0), ENDED, ["payment.voided"]),
        (HoldSeen(1, True, (WHOLE,)), "paid", (0, 1000), None, ["payment.captured"]),
        (HoldSeen(1, True, (HALF, OTHER_HALF)), "paid", (0, 1000), None, ["payment.captured"]),
        (HoldSeen(1, True, (HALF,)), "paid", (0, 600), ENDED, ["payment.captured"]),
        (HoldSeen(1, False, (HALF,)), "authorized", (400, 600), None, ["payment.captured"]),
        (HoldSeen(1, False), "authorized", (1000, 0), None, []),
    ],
)
def test_the_order_stands_as_the_service_has_its_hold(
    hold: HoldSeen, facet: str, left: tuple[int, int], detail: str | None, types: list[str]
) -> None:
    book, order = a_book()
    before = len(book.types(order))
    after = seen(book, order, hold)
    assert (after.facets.payment, after.reason_detail) == (facet, detail)
    assert after.reason == (None if detail is None else "hold_lapses")
    its = funds(book, order)
    assert (its.capturable, its.refundable) == left
    assert book.types(order)[before:] == types
    assert book.jobs(order) == []
    if "look" in notified(book, order):  # told once more
        again = seen(book, order, hold)
        assert (again, book.types(order)[before:]) == (after, types)


def test_what_is_taken_beyond_what_is_due_is_given_back() -> None:
    book, order = a_book()
    book.done(costing(order, 700))
    seen(book, order, HoldSeen(1, True, (WHOLE,)))
    its = funds(book, order)
    assert (its.kept, its.capturable) == (700, 0)
    for _ in range(2):
        work(book, order, good=True)
    assert book.order(order).facets.payment == "partially_refunded"


def test_a_part_of_each_payment_pays_its_part() -> None:
    book, order = a_book()
    book.done(costing(order, 1500))
    answered(book, order, "authorized")
    after = seen(book, order, HoldSeen(1, True, (WHOLE,)), HoldSeen(2, True))
    assert (after.facets.payment, after.reason_detail) == ("paid", ENDED)
    its = funds(book, order)
    assert (its.kept, its.missing, its.capturable) == (1000, 500, 0)


def test_a_capture_that_the_service_makes_again_after_it_failed_pays_the_order() -> None:
    book, order = a_book()
    book.done(CaptureOrder(ORG, "native", order.id))
    for _ in range(2):
        work(book, order, good=True)
    failed = seen(book, order, HoldSeen(1, False), failed=(Failed(1, 2, "no"),))
    assert (failed.facets.payment, failed.reason) == ("authorized", "capture_declined")
    again = seen(book, order, HoldSeen(1, True, (WHOLE,)))
    assert (again.facets.payment, again.reason) == ("paid", None)
    assert funds(book, order).kept == 1000


def test_what_is_asked_for_meanwhile_is_left_to_its_own_step() -> None:
    book, order = a_book()
    assert notified(book, order) == ["look"]
    book.done(CaptureOrder(ORG, "native", order.id, Amount(300, 2)))
    job = job_of(book, order, "look")
    hold = (HoldSeen(1, True, (WHOLE,)),)
    book.done(SettleLook(ORG, order.id, job.id, job.fence, False, holds=hold))
    assert book.asked(order) == [("authorise", "done"), ("capture", "prepared")]


def refunded_there(
    book: Book, order: Order, *found: RefundFound, disputed: bool | None = False
) -> Order:
    assert "look" in notified(book, order)
    job, refunds = job_of(book, order, "look"), tuple(RefundSeen(1, one) for one in found)
    book.done(SettleLook(ORG, order.id, job.id, job.fence, disputed, refunds=refunds))
    return book.order(order)


def paid() -> tuple[Book, Order]:
    """An order of 10.00 EUR whose money was taken by two captures."""
    book, order = a_book()
    seen(book, order, HoldSeen(1, True, (HALF, OTHER_HALF)))
    return book, order


BACK = RefundFound("RE-1", 400, None, "CAPT-1")


def test_what_somebody_gave_back_is_known_once_and_no_more_than_was_taken() -> None:
    book, order = paid()
    after = refunded_there(book, order, BACK)
    assert (after.facets.payment, funds(book, order).refundable) == ("partially_refunded", 600)
    assert book.types(order)[-1] == "payment.refunded"
    assert refunded_there(book, order, BACK) == after, "told again"
    rest = RefundFound("RE-2", 9_999, None, None)
    assert refunded_there(book, order, BACK, rest).facets.payment == "refunded"
    assert funds(book, order).refundable == 0
    assert notified(book, order) == []


def test_a_refund_of_ours_is_no_refund_of_somebody_else() -> None:
    book, order = paid()
    book.done(RefundOrder(ORG, "native", order.id, Amount(300, 2)))
    ours = funds(book, order).first.operations[-1]
    found = RefundFound("RE-9", 300, ours.key, "CAPT-1")
    refunded_there(book, order, found, RefundFound("RE-1", 100, None, "CAPT-1"))
    assert funds(book, order).refundable == 700, "its step has no outcome yet: it is waited for"
    for _ in range(2):
        work(book, order, good=True)
    refunded_there(book, order, found, RefundFound("refund-1-4", 300, None, "CAPT-1"))
    assert (funds(book, order).refundable, book.jobs(order)) == (700, [])


def test_a_refund_of_another_capture_than_the_book_s_next_one_is_left_to_reconcile() -> None:
    book, order = paid()
    other = RefundFound("RE-1", 400, None, "CAPT-2")
    assert refunded_there(book, order, other).facets.payment == "paid"


def test_a_dispute_ends_with_the_refund_of_all_that_was_taken() -> None:
    book, order = paid()
    assert refunded_there(book, order, disputed=True).facets.payment == "disputed"
    whole = (RefundFound("RE-1", 600, None, "CAPT-1"), RefundFound("RE-2", 400, None, "CAPT-2"))
    assert refunded_there(book, order, whole[0], disputed=None).facets.payment == "disputed"
    assert refunded_there(book, order, *whole, disputed=None).facets.payment == "refunded"


def test_an_addition_that_was_asked_for_is_held_after_the_first_hold_was_let_go() -> None:
    book, order = a_book()
    book.done(costing(order, 1500))
    assert seen(book, order, HoldSeen(1, True)).facets.payment == "voided"
    answered(book, order, "authorized")
    after = book.order(order)
    assert (after.facets.payment, funds(book, order).capturable) == ("authorized", 500)
    assert "authorized" in PAYMENT_MOVES["voided"]


def test_a_hold_that_ends_while_it_is_renewed_is_taken_over_by_the_new_one() -> None:
    book, order = renewing()
    assert seen(book, order, HoldSeen(1, True)).facets.payment == "authorized"
    answered(book, order, "authorized")
    for _ in range(2):
        work(book, order, good=True)
    assert (dues(book, order), held(book, order)) == ([0, 1000], [0, 1000])
    assert (book.order(order).facets.payment, book.jobs(order)) == ("authorized", [])
