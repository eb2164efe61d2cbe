"""A clock that stood ahead and came back takes nothing back: what follows is no earlier."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.core.book import ORG, TRACKED, Book, line, named, one, telling
from tests.quantities import much

from entrepot.core.commands import LineChange
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.deliver import DeliverShipment
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.order import Order
from entrepot.core.shipments import SHIPMENTS

YEAR = 365 * 86_400 * 1_000_000


@pytest.fixture
def book() -> Book:
    book = Book()
    book.stock(TRACKED, 10)
    return book


def back(book: Book) -> None:
    """The clock that wrote all so far stood ahead by a year."""
    book.facts.now -= YEAR


def in_order(book: Book, order: Order) -> None:
    """The times of the order and of all that hangs on it follow each other."""
    times = [event.at for event in book.events(order)]
    assert times == sorted(times)
    rows = [*book.order(order).lines, *book.facts.operations.of((ORG, order.id)), book.order(order)]
    for row in rows:
        assert row.updated_at >= row.created_at, row


def paid(book: Book) -> Order:
    order = book.placed(line(), payment_provider="stripe")
    book.reserved(order)
    return order


def confirm(book: Book, order: Order) -> None:
    book.settled(order, "authorized")


def decline(book: Book, order: Order) -> None:
    book.settled(order, "declined")


@pytest.mark.parametrize("then", [confirm, decline])
def test_a_payment_has_its_outcome_no_earlier_than_it_was_asked_for(
    book: Book, then: Callable[[Book, Order], None]
) -> None:
    order = paid(book)
    back(book)
    then(book, order)
    in_order(book, order)


def test_money_is_taken_no_earlier_than_it_was_held(book: Book) -> None:
    order = paid(book)
    confirm(book, order)
    book.done(CaptureOrder(ORG, "native", order.id))
    back(book)
    [job] = book.jobs(order)
    [_, capture] = book.facts.operations.of((ORG, order.id))
    book.done(SettleOperation(
        ORG, order.id, job.id, job.fence, 1, capture.number, True, "", "ch-1"
    ))  # fmt: skip
    in_order(book, order)


def test_goods_arrive_no_earlier_than_they_left(book: Book) -> None:
    order = book.confirmed(line(), paid=False)
    book.done(ShipOrder(ORG, "native", order.id))
    back(book)
    [sent] = book.facts.of(SHIPMENTS).values()
    book.facts.by_shipment[ORG, sent.id] = (ORG, order.id, 1)
    arrived = one(book.done(DeliverShipment(ORG, "native", sent.id)))
    assert arrived.delivered_at is not None
    assert arrived.shipped_at is not None
    assert arrived.delivered_at >= arrived.shipped_at
    [sent] = book.facts.of(SHIPMENTS).values()
    assert sent.delivered_at is not None
    assert sent.delivered_at >= sent.shipped_at
    in_order(book, order)


def test_a_word_brings_goods_no_earlier_than_they_left(book: Book) -> None:
    order = book.confirmed(line(), paid=False)
    book.told(order, ("polinate_status", "IN_TRANSIT"))
    back(book)
    arrived = one(book.done(telling(order, ("polinate_status", "DELIVERED"))))
    assert arrived.delivered_at is not None
    assert arrived.shipped_at is not None
    assert arrived.delivered_at >= arrived.shipped_at
    in_order(book, order)


def test_a_line_is_changed_no_earlier_than_it_was_made(book: Book) -> None:
    order = book.placed(line(quantity=2))
    back(book)
    change = LineChange("", order.lines[0].id, quantity=much(1))
    book.done(AmendOrder(ORG, "native", order.id, update_lines=(change,)))
    in_order(book, order)


def test_an_order_is_told_again_no_earlier_than_before(book: Book) -> None:
    order = book.mirrored(lines=(named("sku-1", 2),))
    back(book)
    book.mirrored(lines=(named("sku-1", 3),))
    assert book.order(order).lines[0].quantity == much(3)
    in_order(book, order)
