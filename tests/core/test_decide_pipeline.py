"""The pipeline's commands: reserve, settle, defer, finish; and what cancelling does to them."""

from __future__ import annotations

import pytest
from tests.core.book import (
    HERE,
    LOOSE,
    ORG,
    SCARCE,
    SECRET,
    SERVICES,
    THERE,
    TRACKED,
    Book,
    line,
    telling,
)
from tests.quantities import units

from entrepot.core.commands import Command
from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.decide.steps import DeferJob, FinishJob
from entrepot.core.facets import Facets
from entrepot.core.order import Order
from entrepot.core.payment_keys import authorisation_key
from entrepot.core.refusal import Reason

CANCELLED = ("polinate_phase", "CANCELLED")


def stocked(on_hand: int = 10, *, hard: bool = True) -> Book:
    book = Book(hard=hard)
    book.stock(TRACKED, on_hand)
    return book


def paying(book: Book, quantity: int = 4) -> Order:
    """An order whose payment is under way."""
    order = book.placed(line(quantity=quantity), payment_provider="stripe", payment_reference="r")
    book.reserved(order)
    return book.order(order)


# --- reserve


def test_reserving_holds_every_line_and_prepares_the_payment() -> None:
    book = stocked()
    book.stock(TRACKED, 3, THERE)
    order = book.placed(
        line(quantity=2), line(quantity=1), line(quantity=3, location_id=THERE), line(LOOSE),
        payment_provider="stripe", payment_reference="tok",
    )  # fmt: skip
    result = book.reserved(order)
    assert (book.level().reserved, book.level(place=THERE).reserved) == (3, 3)
    assert [row.state for row in book.reservations(order)] == ["held"] * 3
    assert result.funds is not None
    [[payment, [first]]] = result.funds.payments
    assert payment == book.payment(order)
    assert (payment.provider, payment.service) == ("stripe", "sandbox")
    assert (payment.reference, payment.amount, payment.currency) == ("tok", order.total, "EUR")
    assert (first.kind, first.units, first.state) == ("authorise", order.total.units, "prepared")
    assert (first.key, first.number) == (authorisation_key(SECRET, ORG, order.id, 1), 1)
    assert book.job(order) == result.job
    assert book.job(order).kind == "authorise"
    assert book.order(order).facets == Facets("placed", "pending")
    assert book.types(order) == ["order.placed", "stock.reserved"]


def test_an_order_without_payment_is_confirmed_as_soon_as_it_is_reserved() -> None:
    book = stocked()
    order = book.placed(line(quantity=4))
    book.reserved(order)
    assert book.order(order).facets == Facets("confirmed", "none", "accepted")
    assert book.order(order).words["synq"] == "confirmed"
    assert [row.state for row in book.reservations(order)] == ["committed"]
    assert not book.jobs(order)
    assert book.types(order) == ["order.placed", "stock.reserved", "order.confirmed"]


def test_too_little_of_one_line_reserves_none() -> None:
    book = stocked()
    book.stock(SCARCE, 1)
    order = book.placed(line(quantity=5), line(SCARCE, 2), payment_provider="stripe")
    book.reserved(order)
    failed = book.order(order)
    assert (failed.facets, failed.reason) == (Facets("failed", "pending"), "out_of_stock")
    assert "1 free, 2 wanted" in (failed.reason_detail or "")
    assert (book.level().reserved, book.level(SCARCE).reserved) == (0, 0)
    assert not book.jobs(order)
    assert book.types(order) == ["order.placed", "order.failed"]


def test_two_lines_of_one_shelf_are_counted_together() -> None:
    book = stocked(5)
    order = book.placed(line(quantity=3), line(quantity=3))
    book.reserved(order)
    assert book.order(order).facets.stage == "failed"


def test_the_last_one_goes_to_the_first() -> None:
    book = stocked(1)
    orders = [book.placed() for _ in range(3)]
    for order in orders:
        book.reserved(order)
    assert [book.order(one).facets.stage for one in orders] == ["confirmed", "failed", "failed"]


def test_soft_allocation_reserves_beyond_what_there_is() -> None:
    book = stocked(1, hard=False)
    order = book.placed(line(quantity=5))
    book.reserved(order)
    assert (book.level().on_hand, book.level().reserved) == (1, 5)
    assert book.level().soft


def test_an_order_that_ended_meanwhile_is_not_reserved() -> None:
    book = stocked()
    order = book.placed(line(quantity=4))
    book.told(order, CANCELLED)
    book.reserved(order)
    assert (book.level().reserved, book.jobs(order)) == (0, [])
    assert book.order(order).facets.stage == "cancelled"


# --- settle


def test_an_authorised_order_is_confirmed_and_its_stock_committed() -> None:
    book = stocked()
    order = paying(book)
    book.settled(order, "authorized")
    assert book.order(order).facets == Facets("confirmed", "authorized", "accepted")
    assert [row.state for row in book.reservations(order)] == ["committed"]
    assert book.level().reserved == 4
    [first] = book.facts.operations.of((ORG, order.id))
    assert (first.state, first.provider_reference) == ("done", "ref-1")
    assert not book.jobs(order)
    assert book.types(order)[-2:] == ["payment.authorized", "order.confirmed"]


@pytest.mark.parametrize(
    ("outcome", "payment", "reason", "claim"),
    [
        ("declined", "declined", "payment_declined", "released"),
        ("expired", "voided", "payment_expired", "expired"),
    ],
)
def test_a_refused_payment_fails_the_order_and_gives_the_stock_back(
    outcome: str, payment: str, reason: str, claim: str
) -> None:
    book = stocked()
    order = paying(book)
    book.settled(order, outcome, "do not honour")
    failed = book.order(order)
    assert failed.facets == Facets("failed", payment)
    assert (failed.reason, failed.reason_detail) == (reason, "do not honour")
    assert [row.state for row in book.reservations(order)] == [claim]
    given_up = [("authorise", "given_up"), ("void", "done")]
    asked = {"declined": [("authorise", "declined")], "expired": given_up}
    assert (book.level().reserved, book.asked(order)) == (0, asked[outcome])
    assert book.types(order)[-3:] == [f"payment.{outcome}", "stock.released", "order.failed"]


def test_money_that_comes_after_the_cancelling_is_given_back() -> None:
    book = stocked()
    order = paying(book)
    book.told(order, CANCELLED)
    assert book.level().reserved == 0
    assert book.job(order).kind == "authorise"  # still with whoever asks the provider
    book.settled(order, "authorized")
    assert book.asked(order) == [("authorise", "done"), ("void", "prepared")]
    assert book.job(order).kind == "void"
    assert book.order(order).facets == Facets("cancelled", "pending")
    book.settled(order, "voided")
    assert book.asked(order) == [("authorise", "given_up"), ("void", "done")]
    assert book.jobs(order) == []
    assert book.order(order).facets == Facets("cancelled", "voided")
    assert "order.confirmed" not in book.types(order)


@pytest.mark.parametrize(("outcome", "payment"), [("declined", "declined"), ("expired", "voided")])
def test_a_refused_payment_of_a_cancelled_order_leaves_it_cancelled(
    outcome: str, payment: str
) -> None:
    book = stocked()
    order = paying(book)
    book.told(order, CANCELLED)
    book.settled(order, outcome)
    assert book.order(order).facets == Facets("cancelled", payment)
    assert not book.jobs(order)


def test_cancelling_an_authorised_order_voids_and_releases() -> None:
    book = stocked()
    order = book.confirmed(line(quantity=4))
    cancelled = book.told(order, ("konvo", "cancelled"), source="konvo")
    assert cancelled.facets == Facets("cancelled", "authorized", "accepted")
    assert (cancelled.reason, cancelled.reason_detail) == ("cancelled", "told by konvo")
    assert [row.state for row in book.reservations(order)] == ["released"]
    assert book.asked(order) == [("authorise", "done"), ("void", "prepared")]
    assert book.job(order).kind == "void"
    assert book.types(order)[-2:] == ["stock.released", "order.cancelled"]
    book.settled(order, "voided")
    assert book.order(order).facets == Facets("cancelled", "voided", "accepted")


def test_a_step_is_done_once() -> None:
    """A worker that lost the answer says it again; the second time nothing is left to do."""
    book = stocked()
    order = book.placed(line(quantity=4), payment_provider="stripe")
    again = book.reserving(order)
    book.done(again)
    assert book.refused(again).reason is Reason.STALE_LEASE
    assert book.level().reserved == 4
    settled = book.settling(order, "authorized")
    book.done(settled)
    assert book.refused(settled).reason is Reason.STALE_LEASE


def test_a_stale_fence_is_refused_by_every_step() -> None:
    book = stocked()
    order = book.placed(line(quantity=4), payment_provider="stripe")
    job = book.job(order)
    book.facts.jobs.read([job._replace(fence=job.fence + 1)])  # taken over meanwhile
    stale: list[Command] = [
        book.reserving(order, job.fence),
        DeferJob(ORG, job.id, job.fence, book.facts.now, "late"),
        FinishJob(ORG, job.id, job.fence),
    ]
    assert {book.refused(command).reason for command in stale} == {Reason.STALE_LEASE}
    book.reserved(order)
    for outcome in ("authorized", "declined", "expired", "voided"):
        late = book.settling(order, outcome, fence=job.fence)
        assert book.refused(late).reason is Reason.STALE_LEASE
    assert book.order(order).facets == Facets("placed", "pending")


def test_steps_of_unknown_jobs_and_orders_are_refused() -> None:
    book = stocked()
    order = book.placed()
    job = book.job(order)
    unknown = FinishJob(ORG, b"?" * 16, 0)
    assert book.refused(unknown).reason is Reason.STALE_LEASE
    astray = ReserveStock(ORG, b"?" * 16, job.id, job.fence, b"s", SERVICES, 0)
    assert book.refused(astray).reason is Reason.UNKNOWN_ORDER


# --- defer, park, finish


def test_a_deferred_step_comes_again() -> None:
    book = stocked()
    order = paying(book)
    job = book.job(order)
    later = book.facts.now + 5_000
    book.done(DeferJob(ORG, job.id, job.fence, later, "timeout" * 100))
    deferred = book.job(order)
    assert (deferred.state, deferred.run_at, deferred.leased_until) == ("due", later, 0)
    assert (deferred.tries, deferred.last_error) == (1, ("timeout" * 100)[:500])
    book.done(DeferJob(ORG, job.id, job.fence, later, "waits", counted=False))
    assert book.job(order).tries == 1
    assert not book.order(order).parked


def test_a_parked_step_parks_its_order_and_settling_it_takes_it_up_again() -> None:
    book = stocked()
    order = paying(book)
    job = book.job(order)
    for _ in range(2):
        book.done(DeferJob(ORG, job.id, job.fence, book.facts.now, "no idea", parked=True))
    parked = book.order(order)
    assert (parked.parked, parked.reason) == (True, "parked")
    assert parked.reason_detail == "authorise: no idea"
    assert parked.facets == Facets("placed", "pending")
    assert book.types(order).count("order.parked") == 1
    book.settled(order, "authorized")
    back = book.order(order)
    assert (back.parked, back.facets.stage) == (False, "confirmed")
    assert (back.reason, back.reason_detail) == (
        "sandbox", "authorised by the sandbox in place of stripe",
    )  # fmt: skip


@pytest.mark.parametrize("reserved", [False, True])
def test_cancelling_a_parked_order_makes_its_step_due_again(reserved: bool) -> None:
    book = stocked()
    order = book.placed(line(quantity=4), payment_provider="stripe")
    if reserved:
        book.reserved(order)
    job = book.job(order)
    book.done(DeferJob(ORG, job.id, job.fence, book.facts.now + 10**9, "no idea", parked=True))
    book.told(order, CANCELLED)
    again = book.job(order)
    assert (again.state, again.run_at, again.tries) == ("due", book.facts.now, 0)
    assert not book.order(order).parked
    assert book.level().reserved == 0


def test_a_finished_step_is_gone() -> None:
    book = stocked()
    order = paying(book)
    book.told(order, CANCELLED)
    job = book.job(order)
    book.done(FinishJob(ORG, job.id, job.fence))
    assert not book.jobs(order)


# --- the goods leave


@pytest.mark.parametrize(
    "told",
    [
        (("polinate_status", "IN_TRANSIT"),),
        (("polinate_status", "DELIVERED"),),
        (("konvo_shipment", "failure"),),
        (("konvo", "completed"), ("konvo_shipment", "delivered")),
    ],
)
def test_goods_that_leave_are_taken_off_hand_once(told: tuple[tuple[str, str], ...]) -> None:
    book = stocked()
    order = book.confirmed(line(quantity=4))
    book.told(order, ("polinate_status", "PACKED"))
    assert book.level().on_hand == 10
    moved = book.told(order, *told)
    assert (book.level().on_hand, book.level().reserved) == (6, 0)
    assert [row.state for row in book.reservations(order)] == ["shipped"]
    [sale] = [entry for entry in book.facts.entries if entry.kind == "sale"]
    assert (units(sale.delta), sale.order_id, sale.location_id) == (-4, order.id, HERE)
    assert moved.shipped_at == book.facts.now
    assert (moved.delivered_at is not None) == (moved.facets.fulfilment == "delivered")
    book.done(telling(order, ("polinate_status", "DELIVERED")))
    assert book.level().on_hand == 6


def test_goods_that_need_no_shipping_leave_with_the_completion() -> None:
    book = stocked()
    order = book.confirmed(line(quantity=4))
    book.told(order, ("polinate_status", "NOT_APPLICABLE"))
    assert book.level().reserved == 4
    book.told(order, ("polinate_phase", "ARCHIVED"))
    assert (book.level().on_hand, book.level().reserved) == (6, 0)


@pytest.mark.parametrize(
    ("provider", "service"), [("adyen", "adyen"), ("Adyen", "adyen"), ("stripe", "sandbox")]
)
def test_the_sandbox_answers_for_providers_that_are_not_there(provider: str, service: str) -> None:
    book = Book()
    book.stock()
    order = book.placed(line(TRACKED), payment_provider=provider)
    book.reserved(order)
    assert (book.payment(order).provider, book.payment(order).service) == (provider, service)
