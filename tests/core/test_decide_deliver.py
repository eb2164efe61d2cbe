"""Shipments arrive or get lost, and orders are completed: what follows, and what is refused."""

from __future__ import annotations

import itertools
import json

import pytest
from tests.core.book import LOOSE, ORG, SCARCE, TRACKED, Book, line, one, telling
from tests.core.test_decide_difference import work
from tests.quantities import much

from entrepot.core.commands import LineChange
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.complete import CompleteOrder
from entrepot.core.decide.deliver import DeliverShipment, LoseShipment
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.times import DAY
from entrepot.core.facets import Facets
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.refusal import Reason
from entrepot.core.results import OrderResult
from entrepot.core.shipments import (
    SHIPMENTS,
    STATE_MOVES,
    STATES,
    Carriage,
    Part,
    Shipment,
    arrived,
)


def in_parts(*parts: int, paid: bool = False) -> tuple[Book, Order]:
    """An order of 4 tracked, of which these parts left, each with a shipment."""
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(quantity=4), paid=paid)
    for part in parts:
        told = (Part(order.lines[0].id, much(part)),)
        book.done(ShipOrder(ORG, "native", order.id, told, Carriage("DHL", "00340")))
    return book, book.order(order)


def parcels(book: Book) -> list[Shipment]:
    """The shipments, oldest first; commands can name them."""
    its = sorted(book.facts.of(SHIPMENTS).values(), key=lambda shipment: shipment.number)
    for shipment in its:
        key = (shipment.org, shipment.order_id, shipment.number)
        book.facts.by_shipment[ORG, shipment.id] = key
    return its


def delivering(book: Book, number: int, at: int | None = None) -> DeliverShipment:
    return DeliverShipment(ORG, "native", parcels(book)[number - 1].id, at)


def worked(book: Book, order: Order) -> None:
    """The service does all that it is asked for."""
    for _ in range(4):
        work(book, order, good=True)


def losing(book: Book, number: int) -> LoseShipment:
    return LoseShipment(ORG, "native", parcels(book)[number - 1].id)


def test_an_order_arrives_with_its_last_shipment() -> None:
    book, order = in_parts(3, 1)
    first = one(book.done(delivering(book, 1)))
    assert first.facets.fulfilment == "in_transit"
    assert first.delivered_at is None
    result = book.done(delivering(book, 2))
    assert isinstance(result, OrderResult)
    assert result.order.facets.fulfilment == "delivered"
    assert result.order.delivered_at == book.facts.now
    assert result.sent is not None
    assert result.sent.shipment == parcels(book)[1]
    assert [row.quantity for row in result.sent.lines] == [much(1)]
    event = book.events(order)[-1]
    assert (event.type, json.loads(event.body)["shipment"]) == ("goods.delivered", 2)


def test_a_part_arrives_while_something_is_left() -> None:
    book, order = in_parts(3)
    assert one(book.done(delivering(book, 1))).facets.fulfilment == "partially_shipped"
    assert one(book.done(ShipOrder(ORG, "native", order.id))).facets.fulfilment == "in_transit"
    assert one(book.done(delivering(book, 2))).facets.fulfilment == "delivered"


def test_lines_that_come_down_to_what_arrived_make_the_order_delivered() -> None:
    book, order = in_parts(3)
    book.done(delivering(book, 1))
    change = LineChange("u", order.lines[0].id, much(3))
    amended = one(book.done(AmendOrder(ORG, "polinate", order.id, update_lines=(change,))))
    assert amended.facets.fulfilment == "delivered"


def test_the_time_of_arrival_is_the_last_one_told() -> None:
    book, _ = in_parts(3, 1)
    left = parcels(book)[1].shipped_at
    book.done(delivering(book, 2, left + 7_000))
    assert one(book.done(delivering(book, 1, left + 5_000))).delivered_at == left + 7_000


def test_a_time_of_arrival_that_a_dialect_told_stays() -> None:
    book, order = in_parts(4)
    told = book.facts.now + 500
    book.done(AmendOrder(ORG, "polinate", order.id, said={"delivered_at": told}))
    assert one(book.done(delivering(book, 1))).delivered_at == told
    # One that was planned, and did not come to be, does not.
    book, order = in_parts(4)
    book.done(AmendOrder(ORG, "polinate", order.id, said={"delivered_at": told + 3 * DAY}))
    assert one(book.done(delivering(book, 1))).delivered_at == book.facts.now


CANCELLED = ("polinate_phase", "CANCELLED")


@pytest.mark.parametrize("captured", [None, 2000, 4000])
def test_an_order_of_which_all_goods_got_lost_is_cancelled_and_its_money_goes_back(
    captured: int | None,
) -> None:
    book, order = in_parts(3, 1, paid=True)
    if captured:
        book.done(CaptureOrder(ORG, "native", order.id, Amount(captured, 2)))
        worked(book, order)
    on_hand = book.level().on_hand
    book.done(losing(book, 1))
    for message in (CANCELLED, ("polinate_phase", "REJECTED")):
        assert book.refused(telling(order, message)).reason is Reason.ILLEGAL_MOVE
    book.done(losing(book, 2))
    book.done(telling(order, CANCELLED))
    worked(book, order)
    paid = "voided" if captured is None else "refunded"
    assert book.order(order).facets == Facets("cancelled", paid, "lost")
    assert book.level().on_hand == on_hand, "what got lost is on no shelf"
    book.done(delivering(book, 1))
    assert book.refused(delivering(book, 2)).reason is Reason.ILLEGAL_MOVE, "the order has ended"
    book.done(telling(order, ("polinate_phase", "DELETED")))
    assert book.order(order).words["synq"] == "cancelled"


def test_an_order_of_which_a_part_arrived_keeps_its_money() -> None:
    book, order = in_parts(3, 1, paid=True)
    book.done(CaptureOrder(ORG, "native", order.id))
    worked(book, order)
    book.done(losing(book, 1))
    book.done(delivering(book, 2))
    for message in (CANCELLED, ("polinate_phase", "REJECTED"), ("konvo", "cancelled")):
        refusal = book.refused(telling(order, message))
        assert refusal.reason is Reason.ILLEGAL_MOVE
        assert "goods of the order arrived" in refusal.detail
    three = (Part(order.lines[0].id, much(3)),)
    book.done(RefundOrder(ORG, "native", order.id, lines=three))
    worked(book, order)
    assert book.order(order).facets == Facets("confirmed", "partially_refunded", "lost")


def test_a_lost_shipment_makes_the_order_lost_once_no_other_is_on_its_way() -> None:
    book, order = in_parts(3, 1)
    assert one(book.done(losing(book, 1))).facets.fulfilment == "in_transit"
    assert one(book.done(delivering(book, 2))).facets.fulfilment == "lost"
    # It is found.
    assert one(book.done(delivering(book, 1))).facets.fulfilment == "delivered"
    assert "goods.lost" in book.types(order)


def test_saying_it_again_changes_nothing() -> None:
    book, order = in_parts(4)
    arrived_at = one(book.done(delivering(book, 1))).delivered_at
    version = book.order(order).version
    assert one(book.done(delivering(book, 1))).version == version
    assert one(book.done(delivering(book, 1, arrived_at))).version == version
    later = book.refused(delivering(book, 1, (arrived_at or 0) + 1_000))
    assert (later.reason, later.field) == (Reason.ILLEGAL_MOVE, "at")
    book, order = in_parts(3, 1)
    version = one(book.done(losing(book, 1))).version
    assert one(book.done(losing(book, 1))).version == version


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_a_shipment_moves_as_its_table_says(before: str, after: str) -> None:
    book, _ = in_parts(3, 1)
    tell = {"delivered": delivering, "lost": losing}
    if before != "sent":
        book.done(tell[before](book, 1))
    if after == "sent":
        assert "sent" not in STATE_MOVES[before]  # no command says so
        return
    taken = before == after or after in STATE_MOVES[before]
    if taken:
        book.done(tell[after](book, 1))
        assert parcels(book)[0].state == after
    else:
        refused = book.refused(tell[after](book, 1))
        assert refused.detail == f"a {before} shipment cannot become {after}"


@pytest.mark.parametrize(("word", "state"), [("DELIVERED", "delivered"), ("IN_TRANSIT", "sent")])
def test_a_word_about_the_order_says_it_of_all_shipments(word: str, state: str) -> None:
    book, order = in_parts(3)
    moved = book.told(order, ("polinate_status", word))
    states = {shipment.state for shipment in parcels(book)}
    assert states == {state}
    if state == "delivered":
        assert {shipment.delivered_at for shipment in parcels(book)} == {moved.delivered_at}


def test_a_word_loses_what_is_on_its_way_and_nothing_that_arrived() -> None:
    book, order = in_parts(3, 1)
    book.done(delivering(book, 1))
    book.told(order, ("konvo_shipment", "failure"), source="konvo")
    assert [shipment.state for shipment in parcels(book)] == ["delivered", "lost"]
    book.told(order, ("konvo_shipment", "delivered"), source="konvo")
    assert [shipment.state for shipment in parcels(book)] == ["delivered", "delivered"]


def test_times_that_cannot_be_are_refused() -> None:
    book, _ = in_parts(4)
    for at in (parcels(book)[0].shipped_at - 1_000, book.facts.now + 2 * DAY):
        refused = book.refused(delivering(book, 1, at))
        assert (refused.reason, refused.field) == (Reason.INVALID, "at")


def test_an_unknown_shipment_is_refused() -> None:
    book, _ = in_parts(4)
    for command in (
        DeliverShipment(ORG, "native", b"?" * 16),
        LoseShipment(ORG, "native", b"?" * 16),
    ):
        assert book.refused(command).reason is Reason.UNKNOWN_SHIPMENT


FULFILMENTS = ("partially_shipped", "in_transit", "out_for_delivery", "delivered", "lost")


@pytest.mark.parametrize(
    ("states", "stands"),
    [
        (("sent",), None),
        (("sent", "delivered"), None),
        (("sent", "lost"), None),
        (("delivered", "delivered"), "delivered"),
        (("delivered", "lost"), "lost"),
        (("lost",), "lost"),
        ((), None),
    ],
)
def test_where_an_order_stands_follows_from_its_shipments(
    states: tuple[str, ...], stands: str | None
) -> None:
    sent = [
        Shipment(ORG, b"o" * 16, n, None, None, None, 0, b"s" * 16, state)
        for n, state in enumerate(states)
    ]
    for fulfilment in FULFILMENTS:
        before = Facets("confirmed", "none", fulfilment)
        kept = stands is None or fulfilment == "partially_shipped"
        assert arrived(before, sent).fulfilment == (fulfilment if kept else stands)


# --- completing


def test_a_delivered_order_is_completed() -> None:
    book, order = in_parts(4)
    complete = CompleteOrder(ORG, "native", order.id)
    assert "in_transit cannot be completed yet" in book.refused(complete).detail
    book.done(delivering(book, 1))
    done = one(book.done(complete))
    assert done.facets.stage == "completed"
    assert one(book.done(complete)).version == done.version
    assert {**done.words} == {
        "synq": "completed", "polinate_phase": "ARCHIVED", "polinate_status": "DELIVERED",
        "konvo": "completed", "konvo_shipment": "delivered",
    }  # fmt: skip


def test_goods_that_need_no_shipping_leave_when_the_order_is_completed() -> None:
    book = Book()
    book.stock(SCARCE, 5)
    order = book.confirmed(line(SCARCE, 2), line(LOOSE, 1), paid=False)
    book.told(order, ("polinate_status", "NOT_APPLICABLE"))
    book.done(CompleteOrder(ORG, "native", order.id))
    assert book.level(SCARCE).on_hand == 3


def test_only_a_confirmed_order_is_completed() -> None:
    book = Book()
    book.stock()
    placed = book.placed(line(), payment_provider="stripe")
    refused = book.refused(CompleteOrder(ORG, "native", placed.id))
    assert refused.detail == "a placed order cannot become completed"
    book.told(placed, ("synq", "cancelled"))
    refused = book.refused(CompleteOrder(ORG, "native", placed.id))
    assert refused.detail == "a cancelled order cannot become completed"
    assert book.refused(CompleteOrder(ORG, "native", b"?" * 16)).reason is Reason.UNKNOWN_ORDER
    mirrored = book.mirrored(("konvo", "paid"))
    assert one(book.done(CompleteOrder(ORG, "native", mirrored.id))).words["konvo"] == "completed"
