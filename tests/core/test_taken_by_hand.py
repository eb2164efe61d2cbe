"""Money that was to be let go, and that somebody had taken at the service before: it pays its
order, and no other payment of the order takes as much again.
"""

from __future__ import annotations

import pytest
from tests.core.book import ORG, Book, line
from tests.core.test_decide_difference import (
    a_book,
    answered,
    by_hand,
    costing,
    funds,
    job_of,
    work,
)
from tests.core.test_decide_renew import dues, held, renewing

from entrepot.core import refunds
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.payment import CaptureFound

CANCELLED = ("polinate_phase", "CANCELLED")
PARTS = (CaptureFound("CAPT-1", 600), CaptureFound("CAPT-2", 400))


def test_an_addition_that_was_taken_although_it_was_amended_back_pays_its_part() -> None:
    book, order = a_book()
    book.done(costing(order, 1500))
    answered(book, order, "authorized")
    book.done(costing(order, 1000))
    by_hand(book, order)
    after = funds(book, order)
    assert [one.payment.amount.units for one in after.payments] == [500, 500]
    assert (after.kept, after.capturable) == (500, 500)
    book.done(CaptureOrder(ORG, "native", order.id))
    for _ in range(3):
        work(book, order, good=True)
    assert (funds(book, order).kept, book.order(order).facets.payment) == (1000, "paid")


def test_an_old_hold_that_was_taken_pays_the_order_and_the_new_one_is_let_go() -> None:
    book, order = renewing()
    answered(book, order, "authorized")
    by_hand(book, order)
    assert (dues(book, order), funds(book, order).capturable) == ([1000, 0], 0)
    for _ in range(2):
        work(book, order, good=True)
    assert (held(book, order), funds(book, order).kept, book.jobs(order)) == ([0, 0], 1000, [])
    assert book.order(order).facets.payment == "paid"


def test_an_old_hold_that_was_taken_is_given_back_while_the_new_one_is_taken() -> None:
    book, order = renewing()
    answered(book, order, "authorized")
    book.done(CaptureOrder(ORG, "native", order.id, Amount(400, 2)))
    by_hand(book, order)
    after = funds(book, order)
    assert (after.first.given_back, after.kept, after.capturable) == (1000, 400, 600)


def taken_over(
    outcome: str, *captures: CaptureFound, cancelled: bool = False
) -> tuple[Book, Order]:
    """An order of 10.00 EUR with an authorization of PayPal's, as PayPal shows it."""
    book = Book()
    book.stock()
    order = book.placed(line(), payment_provider="adyen", payment_reference="AUTH-100")
    book.reserved(order)
    if cancelled:
        book.told(order, CANCELLED)
    book.done(book.settling(order, outcome)._replace(captures=captures))
    return book, book.order(order)


def moves(book: Book, order: Order) -> list[tuple[str, int, str, str | None]]:
    """What was asked of the service behind the authorisation, with the capture of each refund."""
    [full] = funds(book, order).payments
    found = []
    for one in full.operations[1:]:
        capture = refunds.capture_of(full, one) if one.kind == "refund" else one
        reference = None if capture is None else capture.provider_reference
        found.append((one.kind, one.units, one.state, reference))
    return found


def refunded(book: Book, order: Order, *, done: bool = True) -> None:
    """The service's word on the first refund that is open."""
    job, asked = job_of(book, order, "refund"), funds(book, order).first.first_open("refund")
    assert asked is not None
    settled = SettleOperation(
        ORG, order.id, job.id, job.fence, 1, asked.number, done, "no", f"REFU-{asked.number}"
    )
    book.done(settled)


@pytest.mark.parametrize("cancelled", [False, True])
def test_captures_that_were_made_by_hand_are_given_back_each(cancelled: bool) -> None:
    book, order = taken_over("captured", *PARTS, cancelled=cancelled)
    assert moves(book, order)[:2] == [
        ("capture", 600, "done", "CAPT-1"), ("capture", 400, "done", "CAPT-2"),
    ]  # fmt: skip
    if not cancelled:
        assert order.facets[:2] == ("confirmed", "paid")
        book.done(RefundOrder(ORG, "native", order.id))
    assert moves(book, order)[-2:] == [
        ("refund", 600, "prepared", "CAPT-1"), ("refund", 400, "prepared", "CAPT-2"),
    ]  # fmt: skip
    keys = {one.key for one in funds(book, order).first.operations}
    assert len(keys) == len(funds(book, order).first.operations)
    for _ in range(2):
        refunded(book, order)
    assert (book.order(order).facets.payment, book.jobs(order)) == ("refunded", [])


def test_a_hold_of_which_a_part_was_taken_by_hand_holds_the_rest() -> None:
    book, order = taken_over("authorized", PARTS[0])
    assert (order.facets.stage, order.facets.payment) == ("confirmed", "authorized")
    assert (funds(book, order).capturable, funds(book, order).refundable) == (400, 600)
    book.told(order, CANCELLED)
    for _ in range(3):
        work(book, order, good=True)
    assert (book.order(order).facets.payment, book.jobs(order)) == ("refunded", [])
    book, order = taken_over("authorized", PARTS[0], cancelled=True)
    assert [one[:3] for one in moves(book, order)] == [
        ("capture", 600, "done"), ("void", 400, "prepared"), ("refund", 600, "prepared"),
    ]  # fmt: skip


def test_a_part_that_was_taken_by_hand_before_the_void_is_given_back() -> None:
    book, order = taken_over("authorized")
    book.told(order, CANCELLED)
    book.done(book.settling(order, "voided")._replace(captures=PARTS[:1]))
    assert moves(book, order) == [
        ("void", 1000, "given_up", None), ("capture", 600, "done", "CAPT-1"),
        ("void", 400, "done", None), ("refund", 600, "prepared", "CAPT-1"),
    ]  # fmt: skip
    refunded(book, order)
    assert (book.order(order).facets.payment, book.jobs(order)) == ("refunded", [])


def test_a_part_that_was_taken_by_hand_of_an_order_whose_time_ended_is_given_back() -> None:
    book = Book()
    book.stock()
    order = book.placed(line(), payment_provider="adyen", payment_reference="AUTH-100")
    book.reserved(order)
    book.done(book.settling(order, "expired", "too late")._replace(captures=PARTS[:1]))
    after = book.order(order)
    assert (after.facets.stage, after.reason, book.level().reserved) == (
        "failed", "payment_expired", 0,
    )  # fmt: skip
    assert [job.kind for job in book.jobs(order)] == ["refund"]


def test_captures_that_the_book_knows_are_no_news() -> None:
    book, order = taken_over("authorized")
    book.done(CaptureOrder(ORG, "native", order.id, Amount(600, 2)))
    job = job_of(book, order, "capture")
    book.done(SettleOperation(ORG, order.id, job.id, job.fence, 1, 2, True, "", "CAPT-1"))
    work(book, order, good=True)
    book.told(order, CANCELLED)
    void = job_of(book, order, "void")
    book.done(book.settling(order, "voided", job=void)._replace(captures=PARTS[:1]))
    assert [one[:3] for one in moves(book, order)] == [
        ("capture", 600, "done"), ("void", 400, "done"), ("refund", 600, "prepared"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("captures", "final", "facet", "capturable", "reason"),
    [
        (PARTS, True, "paid", 0, None),
        (PARTS[:1], False, "authorized", 400, "capture_declined"),
        (PARTS[:1], True, "paid", 0, None),
        ((), False, "authorized", 1000, "capture_declined"),
        ((), True, "voided", 0, "capture_declined"),
    ],
)
def test_what_was_taken_by_hand_is_known_once_a_capture_is_declined_for_it(
    captures: tuple[CaptureFound, ...], final: bool, facet: str, capturable: int, reason: str | None
) -> None:
    book, order = taken_over("authorized")
    book.done(CaptureOrder(ORG, "native", order.id))
    job = job_of(book, order, "capture")
    declined = SettleOperation(ORG, order.id, job.id, job.fence, 1, 2, False, "no", final=final)
    book.done(declined._replace(captures=captures))
    after, its = book.order(order), funds(book, order)
    taken = sum(one.units for one in captures)
    assert (after.facets.payment, after.reason) == (facet, reason)
    assert (its.capturable, its.kept, its.first.held) == (capturable, taken, capturable)
    assert book.jobs(order) == []
    book.told(order, CANCELLED)
    for _ in range(3):
        work(book, order, good=True)
    assert (funds(book, order).kept, funds(book, order).first.held) == (0, 0)


def test_what_was_taken_by_hand_is_counted_whole_beside_a_capture_that_waits() -> None:
    book, order = taken_over("authorized")
    for units in (100, 500):
        book.done(CaptureOrder(ORG, "native", order.id, Amount(units, 2)))
    job = job_of(book, order, "capture")
    declined = SettleOperation(ORG, order.id, job.id, job.fence, 1, 2, False, "no")
    book.done(declined._replace(captures=PARTS[:1]))
    assert ("capture", 600, "done", "CAPT-1") in moves(book, order)


def test_more_than_is_due_that_was_taken_by_hand_is_given_back() -> None:
    book, order = taken_over("authorized")
    book.done(costing(order, 700))
    book.done(CaptureOrder(ORG, "native", order.id))
    job = job_of(book, order, "capture")
    declined = SettleOperation(ORG, order.id, job.id, job.fence, 1, 2, False, "no", final=True)
    book.done(declined._replace(captures=PARTS))
    assert [one[:2] for one in moves(book, order) if one[0] == "refund"] == [("refund", 300)]


def test_a_part_that_was_taken_by_hand_of_an_order_that_ends_is_given_back() -> None:
    book, order = taken_over("authorized")
    book.done(CaptureOrder(ORG, "native", order.id))
    job = job_of(book, order, "capture")
    book.told(order, CANCELLED)
    declined = SettleOperation(ORG, order.id, job.id, job.fence, 1, 2, False, "no")
    book.done(declined._replace(captures=PARTS[:1]))
    assert {one[:3] for one in moves(book, order)[2:]} == {
        ("void", 400, "prepared"), ("refund", 600, "prepared"),
    }  # fmt: skip


def test_a_refund_stays_with_its_capture_when_an_earlier_one_fails_after_it_was_done() -> None:
    """The same key for another capture would be another refund."""
    book, order = taken_over("captured", *PARTS)
    book.done(RefundOrder(ORG, "native", order.id, Amount(600, 2)))
    refunded(book, order)
    book.done(RefundOrder(ORG, "native", order.id))
    second = moves(book, order)[-1]
    assert second == ("refund", 400, "prepared", "CAPT-2")
    first = funds(book, order).first.operations[3]
    failed = first.moved("declined", book.facts.now + 1_000)
    book.facts.operations.put(failed)
    assert moves(book, order)[-1] == second
    assert refunds.divided(funds(book, order).first, 600) == [600]
