"""Goods leave in parts: what is recorded, what it costs the shelf, and what is refused."""

from __future__ import annotations

import json

import pytest
from tests.core.book import (
    LOOSE,
    ORG,
    SCARCE,
    TRACKED,
    Book,
    line,
    one,
    telling,
)
from tests.quantities import much, units

from entrepot.core.changes import Changes
from entrepot.core.commands import LineChange
from entrepot.core.decide import goods
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.ids import dashed
from entrepot.core.order import Order
from entrepot.core.refusal import Reason
from entrepot.core.shipments import SHIPMENT_LINES, SHIPMENTS, Carriage, Part

NOBODY = Carriage()
PARCEL = Carriage("DHL", "00340", "https://dhl.example/00340")


def a_book(*, paid: bool = False) -> tuple[Book, Order]:
    """An order of 4 tracked, 2 of a scarce one and 3 that nobody counts."""
    book = Book()
    book.stock(TRACKED, 10)
    book.stock(SCARCE, 5)
    order = book.confirmed(line(quantity=4), line(SCARCE, 2), line(LOOSE, 3), paid=paid)
    return book, order


def shipping(order: Order, *parts: tuple[int, int], carriage: Carriage = NOBODY) -> ShipOrder:
    """Ship so much of the lines at these places; all that is left where none is named."""
    told = tuple(
        Part(order.lines[at].id, much(quantity), f"lines[{n}]")
        for n, (at, quantity) in enumerate(parts)
    )
    return ShipOrder(ORG, "native", order.id, told or None, carriage)


def test_a_part_leaves_and_the_rest_stays_reserved() -> None:
    book, order = a_book()
    shipped = one(book.done(shipping(order, (0, 3), (2, 1), carriage=PARCEL)))
    assert shipped.facets.fulfilment == "partially_shipped"
    assert shipped.tracking_url == PARCEL.tracking_url
    assert shipped.shipped_at is None
    assert (book.level().on_hand, book.level().reserved) == (7, 1)
    assert (book.level(SCARCE).on_hand, book.level(SCARCE).reserved) == (5, 2)
    claims = {row.line_id: (row.state, units(row.shipped)) for row in book.reservations(order)}
    assert claims == {order.lines[0].id: ("committed", 3), order.lines[1].id: ("committed", 0)}
    [shipment] = book.facts.of(SHIPMENTS).values()
    assert shipment[:7] == (ORG, order.id, 1, *PARCEL, book.facts.now)
    assert (shipment.state, shipment.delivered_at) == ("sent", None)
    sales = [
        (units(entry.delta), entry.order_id) for entry in book.facts.entries if entry.kind == "sale"
    ]
    assert sales == [(-3, order.id)]
    assert book.types(order)[-2:] == ["order.moved", "goods.shipped"]
    told = json.loads(book.events(order)[-1].body)
    assert told["lines"] == {dashed(order.lines[0].id): 3, dashed(order.lines[2].id): 1}
    assert (told["shipment"], told["carrier"], told["tracking_number"]) == (1, "DHL", "00340")


def test_what_is_left_leaves_with_the_next_shipment() -> None:
    book, order = a_book()
    book.done(shipping(order, (0, 3), carriage=PARCEL))
    book.done(shipping(order, (1, 2)))
    assert book.order(order).facets.fulfilment == "partially_shipped"
    assert book.types(order)[-2:] == ["goods.shipped", "goods.shipped"]
    last = one(book.done(shipping(order, carriage=Carriage(tracking_url="https://ups.example/1"))))
    assert last.facets.fulfilment == "in_transit"
    assert last.shipped_at == book.facts.now
    # The address that was told first stays.
    assert last.tracking_url == PARCEL.tracking_url
    assert {row.state for row in book.reservations(order)} == {"shipped"}
    rows = book.facts.of(SHIPMENT_LINES).values()
    assert sorted((row.number, units(row.quantity)) for row in rows) == [
        (1, 3),
        (2, 2),
        (3, 1),
        (3, 3),
    ]
    assert (book.level().on_hand, book.level().reserved) == (6, 0)
    assert book.refused(shipping(order)).sentence == "all goods of the order have left"


@pytest.mark.parametrize("carriage", [Carriage(), PARCEL])
def test_an_order_without_stock_ships_like_any_other(carriage: Carriage) -> None:
    book = Book()
    order = book.confirmed(line(LOOSE, 2), line(LOOSE, 1, location_id=None), paid=False)
    assert one(book.done(shipping(order, carriage=carriage))).facets.fulfilment == "in_transit"
    assert [units(row.quantity) for row in book.facts.of(SHIPMENT_LINES).values()] == [2, 1]
    assert (book.reservations(order), book.facts.entries) == ([], [])


def test_a_word_ships_all_that_is_left_with_the_order_s_tracking_address() -> None:
    book, order = a_book()
    book.done(AmendOrder(ORG, "konvo", order.id, said={"tracking_url": "https://t.example"}))
    book.done(shipping(order, (0, 1)))
    # This word is true already: a part is on its way.
    assert book.told(order, ("polinate_status", "IN_TRANSIT")).facets == book.order(order).facets
    assert len(book.facts.of(SHIPMENTS)) == 1
    moved = book.told(order, ("polinate_status", "DELIVERED"))
    assert moved.facets.fulfilment == "delivered"
    first, second = book.facts.of(SHIPMENTS).values()
    assert (first.tracking_url, second.tracking_url) == (None, "https://t.example")
    rows = [row for row in book.facts.of(SHIPMENT_LINES).values() if row.number == 2]
    assert sorted(units(row.quantity) for row in rows) == [2, 3, 3]
    assert book.types(order)[-2:] == ["goods.shipped", "order.moved"]


def test_goods_that_need_no_shipping_leave_without_a_shipment() -> None:
    book, order = a_book()
    book.told(order, ("polinate_status", "NOT_APPLICABLE"))
    assert "goods that are not_applicable" in book.refused(shipping(order)).sentence
    book.told(order, ("polinate_phase", "ARCHIVED"))
    assert not book.facts.of(SHIPMENTS)
    assert "stock.shipped" in book.types(order)
    assert book.level().on_hand == 6


def test_more_than_is_left_is_refused_with_the_line_and_the_quantities() -> None:
    book, order = a_book()
    book.done(shipping(order, (0, 3)))
    refused = book.refused(shipping(order, (1, 1), (0, 2)))
    assert (refused.reason, refused.field) == (Reason.ILLEGAL_MOVE, "lines[1]")
    assert refused.detail == f"line {dashed(order.lines[0].id)}: 1 of 4 are left, 2 wanted"
    assert len(book.facts.of(SHIPMENTS)) == 1


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ((), "names no line"),
        (((0, 0),), "must be more than 0"),
        (((0, -1),), "must be more than 0"),
        (((0, 1), (0, 1)), "is named twice"),
    ],
)
def test_parts_that_mean_nothing_are_refused(
    parts: tuple[tuple[int, int], ...], sentence: str
) -> None:
    book, order = a_book()
    told = shipping(order, *parts) if parts else shipping(order)._replace(lines=())
    refused = book.refused(told)
    assert refused.reason is Reason.INVALID
    assert sentence in refused.sentence


def test_a_line_of_another_order_is_unknown() -> None:
    book, order = a_book()
    other = book.confirmed(line(LOOSE), paid=False)
    stray = shipping(order)._replace(lines=(Part(other.lines[0].id, much(1)),))
    assert book.refused(stray).reason is Reason.UNKNOWN_LINE
    assert book.refused(shipping(order)._replace(order_id=b"?" * 16)).reason is Reason.UNKNOWN_ORDER
    long = shipping(order, carriage=Carriage("x" * 201))
    assert book.refused(long).sentence == "carrier: must not be longer than 200 characters"


def test_only_goods_of_a_confirmed_order_that_stands_here_leave() -> None:
    book = Book()
    book.stock()
    placed = book.placed(line(quantity=2), payment_provider="stripe")
    assert "placed order do not move" in book.refused(shipping(placed)).sentence
    mirrored = book.mirrored(("konvo", "paid"))
    assert "mirrored" in book.refused(shipping(mirrored)).sentence
    gone = book.confirmed(paid=False)
    book.told(gone, ("synq", "cancelled"))
    assert "cancelled order do not move" in book.refused(shipping(gone)).sentence


def test_a_partly_shipped_order_is_not_cancelled() -> None:
    book, order = a_book()
    book.done(shipping(order, (0, 1)))
    refused = book.refused(telling(order, ("synq", "cancelled")))
    assert "partially_shipped cannot be cancelled" in refused.sentence
    assert (book.level().on_hand, book.level().reserved) == (9, 3)


def test_what_is_released_is_what_has_not_left() -> None:
    """No command releases an order that left in part; if one did, the shelf would be right."""
    book, order = a_book()
    book.done(shipping(order, (0, 3)))
    changes = Changes(book.facts)
    assert goods.release(book.order(order), book.facts, changes)
    levels = {
        level.variant_id: (units(level.on_hand), units(level.reserved)) for level in changes.levels
    }
    assert levels == {TRACKED: (7, 0), SCARCE: (5, 0)}


# --- lines of an order that left in part


def changing(order: Order, at: int, quantity: int) -> AmendOrder:
    change = LineChange("lines[0]", order.lines[at].id, much(quantity))
    return AmendOrder(ORG, "polinate", order.id, update_lines=(change,))


def test_a_line_is_never_below_what_was_shipped_of_it() -> None:
    book, order = a_book()
    book.done(shipping(order, (0, 3), (2, 2)))
    for at, shipped, wanted in ((0, 3, 2), (2, 2, 1)):
        refused = book.refused(changing(order, at, wanted))
        id_ = dashed(order.lines[at].id)
        assert (refused.reason, refused.field) == (Reason.ILLEGAL_MOVE, "lines[0]")
        assert refused.detail == f"line {id_}: {shipped} were shipped, {wanted} wanted"
        gone = AmendOrder(ORG, "polinate", order.id, delete_lines=(("d[0]", order.lines[at].id),))
        assert book.refused(gone).sentence == f"d[0]: line {id_}: {shipped} were shipped, 0 wanted"
    book.done(changing(order, 0, 6))
    assert (book.level().on_hand, book.level().reserved) == (7, 3)
    book.done(changing(order, 0, 3))
    assert (book.level().on_hand, book.level().reserved) == (7, 0)
    states = {row.line_id: row.state for row in book.reservations(order)}
    assert states == {order.lines[0].id: "shipped", order.lines[1].id: "committed"}
    # A line that had left whole is raised again.
    book.done(changing(order, 0, 5))
    assert (book.level().on_hand, book.level().reserved) == (7, 2)


def test_an_order_whose_lines_come_down_to_what_left_is_on_its_way() -> None:
    book, order = a_book()
    book.done(shipping(order, (0, 3)))
    change = LineChange("lines[0]", order.lines[0].id, much(3))
    rest = tuple(("d", row.id) for row in order.lines[1:])
    command = AmendOrder(ORG, "polinate", order.id, update_lines=(change,), delete_lines=rest)
    amended = one(book.done(command))
    assert amended.facets.fulfilment == "in_transit"
    assert amended.shipped_at == book.facts.now
    assert book.types(order)[-2:] == ["order.amended", "order.moved"]
    assert len(book.facts.of(SHIPMENTS)) == 1


def test_a_larger_line_of_a_partly_shipped_order_needs_free_stock() -> None:
    book, order = a_book()
    book.done(shipping(order, (0, 4)))
    assert book.refused(changing(order, 1, 6)).reason is Reason.OUT_OF_STOCK
    book.done(changing(order, 1, 5))
    assert (book.level(SCARCE).on_hand, book.level(SCARCE).reserved) == (5, 5)


def test_lines_do_not_change_where_only_a_word_says_that_a_part_left() -> None:
    book, order = a_book()
    book.told(order, ("synq", "processing"))
    book.done(AmendOrder(ORG, "synq", order.id, words=(("synq", "partially_fulfilled"),)))
    refused = book.refused(changing(order, 0, 3))
    assert refused.detail == "lines of goods that are partially_shipped do not change"
    # All goods leave then: nothing had left before.
    assert one(book.done(shipping(order))).facets.fulfilment == "in_transit"
    assert book.level().on_hand == 6
