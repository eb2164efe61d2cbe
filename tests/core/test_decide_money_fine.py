"""Captures and refunds are of amounts that the payment's service can move."""

from __future__ import annotations

from typing import Any

import pytest
from tests.core.book import HERE, LOOSE, ORG, TRACKED, Book, line, one
from tests.core.test_decide_money import captured, job_of, paid, settled
from tests.quantities import much

from entrepot.core.commands import LineChange
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.capture import CaptureOrder, PrepareCapture
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.refusal import Reason
from entrepot.core.shipments import Part
from entrepot.edge.currency import SMALLEST

# Adyen writes ISK with two places and takes whole crowns alone; of dinars it takes three places.
AMOUNTS = [
    ("ISK", Amount(1250, 2), "12.50 is finer than 1 ISK, the least that adyen charges"),
    ("ISK", Amount(125, 1), "12.5 is finer than 1 ISK, the least that adyen charges"),
    ("EUR", Amount(12505, 3), "12.505 is finer than 0.01 EUR, the least that adyen charges"),
]


def _confirmed(book: Book, currency: str, quantity: int = 1, scale: int = 2) -> Order:
    """An order of 100 that Adyen holds the money of."""
    price = Amount(100 * 10**scale // quantity, scale)
    said = {"payment_provider": "adyen", "payment_reference": "shopper/8415718415718415"}
    wanted = line(TRACKED, quantity, price=price, currency=currency, location_id=HERE)
    order = one(book.done(PlaceOrder(ORG, "synq", currency, (wanted,), said=said)))
    book.reserved(order)
    book.settled(order, "authorized")
    return book.order(order)


@pytest.mark.parametrize(("currency", "amount", "sentence"), AMOUNTS)
@pytest.mark.parametrize("kind", ["capture", "refund"])
def test_an_amount_that_the_service_cannot_move_is_refused_and_its_member_named(
    kind: str, currency: str, amount: Amount, sentence: str
) -> None:
    book = Book()
    book.stock()
    order = _confirmed(book, currency, scale=3 if currency == "EUR" else 2)
    command: Any = CaptureOrder if kind == "capture" else RefundOrder
    if kind == "refund":
        captured(book, order)
    refusal = book.refused(command(ORG, "native", order.id, amount))
    assert (refusal.reason, refusal.field) == (Reason.INVALID, "amount")
    assert refusal.detail == sentence
    assert book.jobs(order) == []


def test_a_whole_amount_is_taken_and_given_back() -> None:
    book = Book()
    book.stock()
    order = _confirmed(book, "ISK")
    book.done(CaptureOrder(ORG, "native", order.id, Amount(12, 0)))
    settled(book, order, "capture")
    book.done(RefundOrder(ORG, "native", order.id, Amount(500, 2)))
    settled(book, order, "refund")
    assert (paid(book, order).taken, paid(book, order).refundable) == (1200, 700)


def test_what_a_part_of_a_line_costs_is_told_without_what_is_too_fine() -> None:
    """A third of 100 ISK is 33."""
    book = Book()
    book.stock()
    order = _confirmed(book, "ISK")
    captured(book, order)
    [of] = book.order(order).lines
    book.done(RefundOrder(ORG, "native", order.id, lines=(Part(of.id, much("0.333")),)))
    assert paid(book, order).refundable == 10000 - 3300


def test_what_left_is_taken_without_what_is_too_fine_and_the_last_goods_take_the_rest() -> None:
    book = Book()
    book.stock()
    book.done(ChangeSettings(ORG, "shipment"))
    order = _confirmed(book, "ISK")
    [of] = book.order(order).lines
    book.told(order, ("polinate_status", "PACKED"))
    taken = []
    for quantity in ("0.333", "0.667"):
        book.done(ShipOrder(ORG, "native", order.id, (Part(of.id, much(quantity)),)))
        job = job_of(book, order, "capture")
        book.done(PrepareCapture(ORG, order.id, job.id, job.fence, several=True))
        operation = paid(book, order).first_open("capture")
        assert operation is not None
        taken.append(operation.units)
        settled(book, order, "capture")
        job = next((one for one in book.jobs(order) if one.kind == "capture"), None)
        if job is not None:
            book.done(PrepareCapture(ORG, order.id, job.id, job.fence, several=True))
    assert taken == [3300, 6700]


def test_an_order_without_a_payment_costs_what_its_lines_add_up_to() -> None:
    """Nobody charges it: there is nothing to round for, whichever dialect placed it."""
    wanted = line(LOOSE, "1.3333", price=Amount(1250, 2))
    order = one(Book().done(PlaceOrder(ORG, "native", "EUR", (wanted,), places=2)))
    assert (order.subtotal, order.total) == (Amount(1666625, 5), Amount(1666625, 5))


@pytest.mark.parametrize(
    ("currency", "whole", "cheaper", "total"),
    [
        ("EUR", Amount(10, 0), Amount(295, 2), Amount(295, 2)),
        ("EUR", Amount(10, 0), Amount(2955, 3), Amount(296, 2)),  # a half: to the even
        ("EUR", Amount(105, 1), Amount(295, 2), Amount(295, 2)),
        ("JPY", Amount(10, 0), Amount(25, 1), Amount(2, 0)),
        ("KWD", Amount(10, 0), Amount(2955, 3), Amount(2955, 3)),
    ],
)
def test_an_order_of_whole_prices_is_amended_to_its_currencys_smallest_unit(
    currency: str, whole: Amount, cheaper: Amount, total: Amount
) -> None:
    book, order = _whole(currency, whole)
    change = LineChange("lines[0]", order.lines[0].id, price=cheaper)
    book.done(AmendOrder(ORG, "native", order.id, update_lines=(change,), places=SMALLEST))
    assert book.order(order).total == total


@pytest.mark.parametrize(("currency", "part"), [("EUR", Amount(1, 2)), ("KWD", Amount(1, 3))])
def test_a_part_of_an_order_of_whole_prices_is_taken_and_given_back(
    currency: str, part: Amount
) -> None:
    book, order = _whole(currency, Amount(10, 0))
    book.done(CaptureOrder(ORG, "native", order.id, part))
    settled(book, order, "capture")
    book.done(RefundOrder(ORG, "native", order.id, part))
    settled(book, order, "refund")
    held = paid(book, order)
    assert (held.taken, held.payment.amount.scale, held.refundable) == (1, part.scale, 0)


def _whole(currency: str, price: Amount) -> tuple[Book, Order]:
    """An order of one price whose money the sandbox holds."""
    book = Book()
    book.stock(TRACKED, 1)
    said = {"payment_provider": "stripe", "payment_reference": "tok"}
    wanted = line(TRACKED, price=price, currency=currency)
    digits = SMALLEST[currency]
    placed = PlaceOrder(ORG, "synq", currency, (wanted,), said=said, places=digits)
    order = one(book.done(placed))
    book.reserved(order)
    book.settled(order, "authorized")
    return book, book.order(order)
