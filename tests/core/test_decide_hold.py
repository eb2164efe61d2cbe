"""A held order stands still: its steps, its shipping, and every word that says that goods left."""

from __future__ import annotations

import json

import pytest
from tests.core.book import LOOSE, ORG, START, Book, line, one
from tests.quantities import much

from entrepot.core import held, shown, words
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.complete import CompleteOrder
from entrepot.core.decide.deliver import DeliverShipment
from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.steps import DeferJob, ResumeOrder
from entrepot.core.decide.wake import WakeStep
from entrepot.core.facets import FULFILMENTS
from entrepot.core.lifecycle import NOT_LEFT
from entrepot.core.order import Order
from entrepot.core.refusal import Reason
from entrepot.core.shipments import SHIPMENTS, Part


def a_book() -> Book:
    book = Book()
    book.stock()
    return book


def holding(order: Order, reason: str = "is it fraud?") -> HoldOrder:
    return HoldOrder(ORG, "native", order.id, reason)


def releasing(order: Order) -> ReleaseOrder:
    return ReleaseOrder(ORG, "native", order.id)


def paying(book: Book) -> Order:
    order = book.placed(payment_provider="stripe")
    book.reserved(order)
    return book.order(order)


@pytest.mark.parametrize("reason", ["is it fraud?", "", "50 % = half; held=no ä", "x" * 200])
def test_a_held_order_says_so_with_its_reason(reason: str) -> None:
    book = a_book()
    order = one(book.done(holding(paying(book), reason)))
    assert held.is_held(order)
    assert held.why(order) == reason
    assert shown.reason(order) == f"held: {reason or 'until it is released'}"
    event = book.events(order)[-1]
    assert event.type == "order.held"
    assert json.loads(event.body).get("reason", "") == reason
    after = one(book.done(releasing(order)))
    assert not held.is_held(after)
    assert after.sender_words is None
    assert "held" not in (shown.reason(after) or "")
    assert book.types(order)[-1] == "order.released"


def test_its_step_stands_still_and_goes_on_where_it_stood() -> None:
    book = a_book()
    order = paying(book)
    book.done(holding(order))
    assert book.job(order).state == "stopped"
    book.done(releasing(order))
    job = book.job(order)
    assert (job.state, job.kind, job.run_at) == ("due", "authorise", book.facts.now)
    book.settled(order, "authorized")
    assert book.order(order).facets.stage == "confirmed"


def test_a_worker_that_has_the_step_in_hand_finishes_nothing() -> None:
    book = a_book()
    order = paying(book)
    answer, late = book.settling(order, "authorized"), book.job(order)
    book.done(holding(order))
    assert book.refused(answer).reason is Reason.STALE_LEASE
    put_off = DeferJob(ORG, late.id, late.fence, 0, "no answer", order_id=order.id)
    assert book.refused(put_off).reason is Reason.STALE_LEASE
    placed = book.placed(payment_provider="stripe")
    reserving = book.reserving(placed)
    book.done(holding(placed))
    assert book.refused(reserving).reason is Reason.STALE_LEASE
    assert not book.reservations(placed)


def test_a_parked_order_that_is_held_waits_for_its_release_alone() -> None:
    book = a_book()
    order = paying(book)
    job = book.job(order)
    book.done(DeferJob(ORG, job.id, job.fence, 0, "refused", parked=True, order_id=order.id))
    assert book.order(order).parked
    after = one(book.done(holding(order)))
    assert (after.parked, book.job(order).state) == (False, "stopped")
    refused = book.refused(ResumeOrder(ORG, order.id))
    assert refused.detail == "the order is held: release it (held: is it fraud?)"
    book.done(releasing(order))
    assert book.job(order).state == "due"


def test_a_notification_wakes_no_step_of_a_held_order() -> None:
    book = a_book()
    order = paying(book)
    job = book.job(order)._replace(run_at=book.facts.now + 10**9)
    book.facts.jobs.put(job)
    book.facts.by_reference[ORG, "sandbox", "ref-1"] = order.id
    book.done(holding(order))
    stopped = book.job(order)
    book.done(WakeStep(ORG, "sandbox", "ref-1"))
    assert book.job(order) == stopped


LEAVES = [
    (axis, word)
    for axis, table in words.AXES.items()
    for word, row in table.rows.items()
    if not set(row.get("fulfilment", FULFILMENTS)) & NOT_LEFT
]


@pytest.mark.parametrize("stage", ["confirmed", "placed"])
@pytest.mark.parametrize("told", LEAVES, ids=str)
def test_no_word_of_any_dialect_ships_it(told: tuple[str, str], stage: str) -> None:
    book = a_book()
    order = book.confirmed(paid=False) if stage == "confirmed" else paying(book)
    book.told(order, ("polinate_status", "PACKED"))
    book.done(holding(order))
    refused = book.refused(AmendOrder(ORG, told[0], order.id, words=(told,)))
    assert refused.reason is Reason.ILLEGAL_MOVE
    if "provider" not in refused.detail and "come back" not in refused.detail:
        assert "held: is it fraud?" in refused.detail
    assert not book.facts.of(SHIPMENTS)
    # What does not leave may be told.
    book.done(AmendOrder(ORG, "polinate", order.id, said={"notes": "ring twice"}))


def test_nothing_more_ships_and_what_left_arrives() -> None:
    book = a_book()
    order = book.confirmed(line(quantity=4), paid=False)
    some = ShipOrder(ORG, "native", order.id, (Part(order.lines[0].id, much(1)),))
    book.done(some)
    book.done(holding(order))
    assert "held: is it fraud?" in book.refused(some).detail
    assert "held" in book.refused(ShipOrder(ORG, "native", order.id)).detail
    [shipment] = book.facts.of(SHIPMENTS).values()
    key = (ORG, order.id, 1)
    book.facts.by_shipment[ORG, shipment.id] = key
    book.done(DeliverShipment(ORG, "native", shipment.id))
    book.done(releasing(order))
    assert one(book.done(ShipOrder(ORG, "native", order.id))).facets.fulfilment == "in_transit"
    # On its way, it arrives whoever holds it; completed, it is held no longer.
    book.done(holding(order))
    assert book.told(order, ("konvo_shipment", "delivered")).facets.fulfilment == "delivered"
    assert not held.is_held(one(book.done(CompleteOrder(ORG, "native", order.id))))


def test_goods_that_need_no_shipping_stay_while_it_is_held() -> None:
    book = a_book()
    order = book.confirmed(line(LOOSE), paid=False)
    book.told(order, ("polinate_status", "NOT_APPLICABLE"))
    book.done(holding(order))
    complete = CompleteOrder(ORG, "native", order.id)
    assert "held" in book.refused(complete).detail
    book.done(releasing(order))
    book.done(complete)


def test_a_held_order_is_cancelled_and_its_step_goes_on_to_give_the_money_back() -> None:
    book = a_book()
    order = paying(book)
    book.done(holding(order))
    after = book.told(order, ("synq", "cancelled"))
    assert not held.is_held(after)
    assert book.job(order).state == "due"
    assert book.level().reserved == 0
    book.settled(order, "voided")
    assert book.jobs(order) == []


def test_a_held_order_that_is_cancelled_with_another_line_has_no_step_that_stands_still() -> None:
    """The line asks for more money before the cancel releases the order: that step stood still for
    good.
    """
    book = a_book()
    order = paying(book)
    book.settled(order, "authorized")
    book.done(holding(order))
    cancelled = (("polinate_phase", "CANCELLED"),)
    more = AmendOrder(ORG, "polinate", order.id, words=cancelled, create_lines=(line(LOOSE),))
    book.done(more)
    assert not held.is_held(book.order(order))
    assert {(job.kind, job.state) for job in book.jobs(order)} == {
        ("increase", "due"), ("void", "due"),
    }  # fmt: skip


@pytest.mark.parametrize("in_hand", [True, False])
def test_a_void_waits_until_no_call_of_the_step_that_was_stopped_is_on_its_way(
    in_hand: bool,
) -> None:
    """A service that shows nothing yet may hold the money a moment later."""
    lease = START + 60_000_000
    book = Book(leased=lease)
    book.stock()
    order = paying(book)
    if not in_hand:
        job = book.job(order)
        later = START + 90_000_000
        book.done(DeferJob(ORG, job.id, job.fence, later, "pending", order_id=order.id))
    book.done(holding(order))
    book.told(order, ("synq", "cancelled"))
    job = book.job(order)
    assert (job.kind, job.state) == ("authorise", "due")
    at = (lease, 0) if in_hand else (book.facts.now, lease)
    assert (job.run_at, job.leased_until) == at


def test_a_step_that_was_stopped_in_hand_goes_on_at_once_with_the_release() -> None:
    """Asking once more under the same key does nothing twice."""
    book = Book(leased=START + 60_000_000)
    book.stock()
    order = paying(book)
    book.done(holding(order))
    book.done(releasing(order))
    assert (book.job(order).state, book.job(order).run_at) == ("due", book.facts.now)


@pytest.mark.parametrize("words_told", [(), (("polinate_phase", "ARCHIVED"),)])
def test_money_of_a_held_order_goes_on_being_taken_once_its_sale_is_over(
    words_told: tuple[tuple[str, str], ...],
) -> None:
    """Goods that arrived before the hold do not keep the sale from being over."""
    book = a_book()
    order = book.confirmed()
    book.told(order, ("polinate_status", "DELIVERED"))
    book.done(CaptureOrder(ORG, "native", order.id))
    book.done(holding(order))
    assert book.job(order).state == held.STOPPED
    if words_told:
        book.told(order, *words_told)
    else:
        book.done(CompleteOrder(ORG, "native", order.id))
    assert not held.is_held(book.order(order))
    assert (book.job(order).kind, book.job(order).state) == ("capture", "due")


def test_holding_it_again_changes_the_reason_alone() -> None:
    book = a_book()
    order = one(book.done(holding(book.confirmed())))
    assert one(book.done(holding(order))).version == order.version
    assert held.why(one(book.done(holding(order, "asked the bank")))) == "asked the bank"
    book.done(releasing(order))
    version = book.order(order).version
    assert one(book.done(releasing(order))).version == version


def test_what_was_told_ahead_waits_with_it() -> None:
    book = a_book()
    order = paying(book)
    book.told(order, ("polinate_status", "IN_TRANSIT"))
    after = one(book.done(holding(order)))
    assert "told ahead: polinate_status=IN_TRANSIT" in (shown.reason(after) or "")
    book.done(releasing(order))
    book.settled(order, "authorized")
    assert book.order(order).facets.fulfilment == "in_transit"


def test_only_a_running_order_of_ours_is_held() -> None:
    book = a_book()
    mirrored = book.mirrored(("konvo", "paid"))
    assert book.refused(holding(mirrored)).detail == "another system runs a mirrored order"
    gone = book.confirmed(paid=False)
    book.told(gone, ("synq", "cancelled"))
    assert book.refused(holding(gone)).detail == "a cancelled order cannot be held"
    assert book.refused(holding(gone)._replace(order_id=b"?" * 16)).reason is Reason.UNKNOWN_ORDER
    assert book.refused(releasing(gone)._replace(order_id=b"?" * 16)).reason is Reason.UNKNOWN_ORDER
    long = book.refused(holding(book.confirmed(paid=False), "x" * 201))
    assert (long.reason, long.field) == (Reason.INVALID, "reason")
