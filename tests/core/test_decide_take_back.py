"""Goods come back: to a shelf, with the ledger's entry, or not; and what is refused."""

from __future__ import annotations

import json

import pytest
from tests.core.book import (
    HERE,
    LOOSE,
    NOWHERE,
    ORG,
    SCARCE,
    THERE,
    TRACKED,
    Book,
    line,
    one,
    telling,
)
from tests.quantities import much, units

from entrepot.core.commands import LineChange
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.take_back import TakeBack
from entrepot.core.ids import dashed
from entrepot.core.order import Order
from entrepot.core.quantity import ON_HAND_MAX
from entrepot.core.refusal import Reason
from entrepot.core.returns import RETURN_LINES, RETURNS
from entrepot.core.shipments import SHIPMENT_LINES, SHIPMENTS, Part, gone


def shipped(*parts: int) -> tuple[Book, Order]:
    """An order of 4 tracked, 2 of a scarce one and 3 that nobody counts; all or some have left."""
    book = Book()
    book.stock(TRACKED, 10)
    book.stock(SCARCE, 5)
    order = book.confirmed(line(quantity=4), line(SCARCE, 2), line(LOOSE, 3), paid=False)
    told = tuple(Part(row.id, much(n)) for row, n in zip(order.lines, parts, strict=False) if n)
    return book, one(book.done(ShipOrder(ORG, "native", order.id, told or None)))


def back(order: Order, *parts: int, restock: bool = True, place: bytes | None = None) -> TakeBack:
    told = tuple(
        Part(row.id, much(n), f"lines[{at}]")
        for at, (row, n) in enumerate(zip(order.lines, parts, strict=False))
        if n
    )
    return TakeBack(ORG, "native", order.id, told or None, restock, place)


def test_goods_come_back_to_their_shelf_and_the_ledger_says_so() -> None:
    book, order = shipped()
    returned = one(book.done(back(order, 3, 0, 1)))
    assert (returned.facets.fulfilment, returned.facets.returns) == ("in_transit", "partial")
    assert (book.level().on_hand, book.level().reserved) == (9, 0)
    assert book.level(SCARCE).on_hand == 3
    entries = [entry for entry in book.facts.entries if entry.kind == "return"]
    assert [(entry.variant_id, units(entry.delta), entry.order_id) for entry in entries] == [
        (TRACKED, 3, order.id)
    ]
    [made] = book.facts.of(RETURNS).values()
    assert made[:4] == (ORG, order.id, 1, book.facts.now)
    rows = {
        row.line_id: (units(row.quantity), row.location_id)
        for row in book.facts.of(RETURN_LINES).values()
    }
    # Nobody counts the third.
    assert rows == {order.lines[0].id: (3, HERE), order.lines[2].id: (1, None)}
    event = book.events(order)[-1]
    told = json.loads(event.body)
    assert event.type == "goods.returned"
    assert (told["return"], told["restocked"]) == (1, True)
    assert told["lines"] == {dashed(order.lines[0].id): 3, dashed(order.lines[2].id): 1}


def test_what_is_still_out_comes_back_later() -> None:
    book, order = shipped()
    book.done(back(order, 3, 0, 1))
    last = one(book.done(back(order)))
    assert last.facets.returns == "returned"
    assert sorted(units(row.quantity) for row in book.facts.of(RETURN_LINES).values()) == [
        1,
        1,
        2,
        2,
        3,
    ]
    assert (book.level().on_hand, book.level(SCARCE).on_hand) == (10, 5)
    assert book.refused(back(order)).detail == "no goods of the order are out"


def test_scrapped_goods_lie_on_no_shelf() -> None:
    book, order = shipped()
    scrapped = one(book.done(back(order, restock=False)))
    assert scrapped.facets.returns == "returned"
    assert (book.level().on_hand, book.level(SCARCE).on_hand) == (6, 3)
    assert not [entry for entry in book.facts.entries if entry.kind == "return"]
    assert {row.restocked for row in book.facts.of(RETURN_LINES).values()} == {False}


def test_goods_come_back_to_the_shelf_that_is_named() -> None:
    book, order = shipped()
    book.done(back(order, 2, place=THERE))
    assert (book.level().on_hand, book.level(TRACKED, THERE).on_hand) == (6, 2)
    assert book.refused(back(order, place=NOWHERE)).reason is Reason.UNKNOWN_LOCATION
    assert book.refused(back(order, restock=False, place=THERE)).field == "location_id"


def test_counted_goods_need_a_shelf() -> None:
    book = Book()
    book.stock()
    order = book.confirmed(line(location_id=None), paid=False)
    book.done(ShipOrder(ORG, "native", order.id))
    refused = book.refused(back(order))
    assert (refused.reason, refused.field) == (Reason.INVALID, "location_id")
    assert dashed(order.lines[0].id) in refused.sentence
    book.done(back(order, place=HERE))
    assert book.level().on_hand == 11


def test_more_than_left_does_not_come_back() -> None:
    book, order = shipped(3, 1)
    book.done(back(order, 1))
    refused = book.refused(back(order, 3))
    assert (refused.reason, refused.field) == (Reason.ILLEGAL_MOVE, "lines[0]")
    assert refused.detail == f"line {dashed(order.lines[0].id)}: 2 of 4 are out, 3 wanted"
    assert "0 of 3 are out" in book.refused(back(order, 0, 0, 1)).detail
    # All shipped goods are back, and some goods have not left.
    assert one(book.done(back(order))).facets.returns == "partial"
    book.done(ShipOrder(ORG, "native", order.id))
    assert one(book.done(back(order))).facets.returns == "returned"


def test_only_goods_that_are_out_come_back() -> None:
    book = Book()
    book.stock()
    confirmed = book.confirmed(paid=False)
    assert "cannot come back" in book.refused(back(confirmed)).sentence
    mirrored = book.mirrored(("konvo", "fulfilled"))
    assert "mirrored" in book.refused(back(mirrored)).sentence
    assert book.refused(back(mirrored)._replace(order_id=b"?" * 16)).reason is Reason.UNKNOWN_ORDER
    # Though goods were back before, lost ones are not.
    order = book.confirmed(line(quantity=2), paid=False)
    book.done(ShipOrder(ORG, "native", order.id))
    book.done(back(order, 1))
    book.told(order, ("konvo_shipment", "failure"))
    assert "lost cannot come back" in book.refused(back(order, 1)).sentence


@pytest.mark.parametrize("word", ["returned", "partially_returned", "return_requested"])
def test_a_word_moves_no_stock_and_the_goods_come_back_all_the_same(word: str) -> None:
    book, order = shipped()
    book.told(order, ("synq", word), source="synq")
    assert book.level().on_hand == 6
    assert not book.facts.of(RETURNS)
    returned = one(book.done(back(order, 4)))
    assert returned.facets.returns == ("returned" if word == "returned" else "partial")
    assert book.level().on_hand == 10


def test_what_left_before_shipments_were_kept_left_whole() -> None:
    old = Book()
    old.stock()
    sent = old.confirmed(line(quantity=2), paid=False)
    moved = old.told(sent, ("polinate_status", "IN_TRANSIT"))
    for kind in (SHIPMENTS, SHIPMENT_LINES):
        for key in list(old.facts.of(kind)):
            old.facts.of(kind).remove(key)
    assert gone(moved, ()) == {moved.lines[0].id: much(2)}
    assert one(old.done(back(moved))).facets.returns == "returned"
    assert old.level().on_hand == 10


def test_lines_that_come_down_to_what_is_back_make_the_order_returned() -> None:
    book, order = shipped(3)
    book.done(back(order))
    change = LineChange("lines[0]", order.lines[0].id, much(3))
    rest = tuple(("d", row.id) for row in order.lines[1:])
    command = AmendOrder(ORG, "polinate", order.id, update_lines=(change,), delete_lines=rest)
    amended = one(book.done(command))
    assert (amended.facets.fulfilment, amended.facets.returns) == ("in_transit", "returned")
    assert book.refused(telling(order, ("synq", "cancelled")))


def test_a_shelf_takes_no_more_than_can_be_counted() -> None:
    book, order = shipped()
    most = units(ON_HAND_MAX)
    book.stock(TRACKED, most - book.level().on_hand - 3)
    refused = book.refused(back(order))
    assert refused.detail == f"line {dashed(order.lines[0].id)}: more than can be counted"
    book.done(back(order, 3))
    assert book.level().on_hand == most
