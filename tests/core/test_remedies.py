"""What an operator is told to do is what the order takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.core.book import ORG, Book, line
from tests.core.test_decide_difference import a_book, work
from tests.core.test_standing import standing

from entrepot.core import remedies, shown
from entrepot.core.decide.ask_return import RequestReturn
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.deliver import LoseShipment
from entrepot.core.decide.hold import HoldOrder
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.steps import DeferJob
from entrepot.core.explain import LEAST
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.remedies import (
    COMES_BACK,
    DISPUTED,
    HELD,
    LOST,
    NOT_TAKEN,
    REMEDIES,
    SHARED,
    STANDS,
    Remedies,
    to_do,
    whole,
)
from entrepot.core.shipments import SHIPMENTS

CANCELLED = ("polinate_phase", "CANCELLED")
AGAIN = REMEDIES[OrderReason.CAPTURE_DECLINED]
Made = tuple[Book, Order]


def without(told: Remedies, *commands: str) -> str:
    return whole(tuple(one for one in told if one.command not in commands))


def held() -> Made:
    book, order = a_book()
    book.done(HoldOrder(ORG, "native", order.id, "fraud?"))
    return book, order


def held_before_its_payment() -> Made:
    book = Book()
    book.stock()
    order = book.placed(line(), payment_provider="stripe")
    book.reserved(order)
    book.done(HoldOrder(ORG, "native", order.id, ""))
    return book, order


def waiting() -> Made:
    book = Book()
    book.stock()
    order = book.placed(line(), payment_provider="stripe")
    book.reserved(order)
    job = book.job(order)
    later = book.facts.now + 60_000_000
    put_off = DeferJob(ORG, job.id, job.fence, later, "not sent", order_id=order.id, waiting="x")
    book.done(put_off)
    return book, order


def sharing() -> Made:
    book = Book()
    book.stock()
    for _ in range(2):
        order = book.placed(line(), payment_provider="stripe", payment_reference="pi_1")
        book.reserved(order)
        book.settled(order, "authorized")
    return book, order


def shipped() -> Made:
    book, order = a_book()
    book.done(ShipOrder(ORG, "native", order.id))
    return book, order


def capture_declined() -> Made:
    book, order = a_book()
    book.done(CaptureOrder(ORG, "native", order.id))
    work(book, order, good=False)
    return book, order


def capture_declined_and_shipped() -> Made:
    book, order = capture_declined()
    book.done(ShipOrder(ORG, "native", order.id))
    return book, order


def taken() -> Made:
    book, order = a_book()
    book.done(CaptureOrder(ORG, "native", order.id))
    work(book, order, good=True)
    return book, order


def disputed() -> Made:
    book, order = taken()
    order = book.order(order)
    book.facts.orders.put(order._replace(facets=order.facets._replace(payment="disputed")))
    return book, order


def lost(made: Callable[[], Made] = taken) -> Made:
    book, order = made()
    book.done(ShipOrder(ORG, "native", order.id))
    [one] = book.facts.of(SHIPMENTS).values()
    book.facts.by_shipment[ORG, one.id] = (ORG, one.order_id, one.number)
    book.done(LoseShipment(ORG, "native", one.id))
    return book, order


def lost_in_part() -> Made:
    book, order = lost()
    [one] = book.facts.of(SHIPMENTS).values()
    arrived = one._replace(number=2, id=b"another", state="delivered", delivered_at=one.shipped_at)
    book.facts.of(SHIPMENTS).put(arrived)
    return book, order


def lost_and_not_paid() -> Made:
    return lost(a_book)


def asked_back() -> Made:
    book, order = taken()
    book.done(ShipOrder(ORG, "native", order.id))
    book.done(RequestReturn(ORG, "native", order.id))
    return book, order


def cancelled_and_not_refunded() -> Made:
    book, order = taken()
    book.told(order, CANCELLED)
    work(book, order, good=False)
    return book, order


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (a_book, None),
        (held, whole(HELD)),
        (held_before_its_payment, whole(HELD)),
        (waiting, whole(REMEDIES[OrderReason.WAITING])),
        (sharing, whole(SHARED)),
        (shipped, whole(NOT_TAKEN)),
        (capture_declined, whole(AGAIN)),
        (capture_declined_and_shipped, without(AGAIN, "cancel")),
        (disputed, whole(DISPUTED)),
        (lost, whole(LOST)),
        (lost_in_part, without(LOST, "cancel")),
        (lost_and_not_paid, without(LOST, "refund")),
        (asked_back, whole(COMES_BACK)),
        (cancelled_and_not_refunded, whole(REMEDIES[OrderReason.REFUND_DECLINED])),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_an_operator_is_sent_to_what_the_order_takes(
    made: Callable[[], Made], told: str | None
) -> None:
    assert to_do(standing(*made())) == told


def test_a_remedy_names_commands_that_are_explained() -> None:
    every = [*REMEDIES.values(), *STANDS.values()]
    named = {one.command for told in every for one in told if one.command}
    assert named <= set(LEAST)
    assert set(REMEDIES) <= set(OrderReason)
    constants = {id(told) for told in vars(remedies).values() if isinstance(told, tuple)}
    assert constants == {id(told) for told in STANDS.values()}


# --- an ended order whose refund was declined


def test_an_ended_order_says_that_its_refund_was_declined_and_why_it_ended() -> None:
    """Before, it said that it waits, and nothing was to be done about it."""
    book, order = cancelled_and_not_refunded()
    told = shown.reason(book.order(order)) or ""
    assert told.startswith("refund_declined: adyen: the refund of 10.00 EUR is declined: ")
    assert told.endswith("; it ended: cancelled: told by polinate")
    assert "waiting" not in told


def test_an_ended_order_says_again_why_it_ended_once_its_money_is_back() -> None:
    book, order = cancelled_and_not_refunded()
    for _ in range(2):  # a decline more does not put one reason behind the other
        book.done(RefundOrder(ORG, "native", order.id))
        work(book, order, good=False)
    assert (book.order(order).reason_detail or "").count("; it ended: ") == 1
    book.done(RefundOrder(ORG, "native", order.id))
    work(book, order, good=True)
    assert shown.reason(book.order(order)) == "cancelled: told by polinate"
    assert book.order(order).facets.payment == "refunded"


def test_a_capture_that_is_declined_after_the_end_needs_nobody() -> None:
    book, order = a_book()
    book.done(CaptureOrder(ORG, "native", order.id))
    book.facts.now += 1_000
    job = book.job(order)
    book.facts.jobs.put(job._replace(leased_until=book.facts.now + 60_000_000))
    book.told(order, CANCELLED)
    work(book, order, good=False)
    told = shown.reason(book.order(order)) or ""
    assert told.startswith("cancelled: told by polinate")
    assert "waiting" not in told
