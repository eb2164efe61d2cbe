"""An operator settles a parked payment with what was found at the service, and how it is known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.core.book import ORG, Book, line

from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.resolve import PROOF_MAX, ResolveOrder
from entrepot.core.decide.steps import DeferJob
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.refusal import Reason, Refusal

PROOF = "dashboard, seen by Ada at 9:14"


@pytest.fixture
def book() -> Book:
    book = Book()
    book.stock()
    return book


def park(book: Book, order: Order) -> Order:
    job = book.job(order)
    book.done(DeferJob(ORG, job.id, job.fence, 0, "why", parked=True, order_id=order.id))
    return book.order(order)


def parked(book: Book) -> Order:
    """An order whose authorisation is parked."""
    order = book.placed(line(), payment_provider="stripe")
    book.reserved(order)
    return park(book, order)


def resolved(book: Book, order: Order, **said: Any) -> Order:
    book.facts.actor = "operator:resolve"
    book.done(ResolveOrder(ORG, order.id, PROOF, **{"reference": "pi_7"} | said))
    book.facts.actor = ""
    return book.order(order)


def test_money_that_the_service_holds_confirms_the_order(book: Book) -> None:
    order = resolved(book, parked(book), found="done")
    assert (order.facets.stage, order.facets.payment) == ("confirmed", "authorized")
    assert (order.parked, order.reason) == (False, "sandbox")
    assert book.asked(order) == [("authorise", "done")]
    full = book.facts.funds_of((ORG, order.id))
    assert full is not None
    assert full.first.authorisation.provider_reference == "pi_7"
    assert book.jobs(order) == []
    *settled, last = book.events(order)
    assert {one.actor for one in settled[-2:]} == {"operator:resolve"}, "no service has said this"
    assert (last.type, last.source, last.actor) == (
        "order.resolved",
        "operator",
        "operator:resolve",
    )
    told = json.loads(last.body)
    assert (told["step"], told["found"], told["proof"]) == ("authorise", "done", PROOF)
    assert told["provider_reference"] == "pi_7"


def test_no_money_ends_the_order_and_gives_its_stock_back(book: Book) -> None:
    order = resolved(book, parked(book), found="nothing")
    assert (order.facets.stage, order.reason) == ("failed", "payment_declined")
    assert order.reason_detail == f"found by the operator: {PROOF}"
    assert book.asked(order) == [("authorise", "declined")]
    assert (book.level().on_hand, book.level().reserved) == (10, 0)
    assert not order.parked


def test_money_that_is_held_for_a_cancelled_order_is_given_back(book: Book) -> None:
    order = parked(book)
    book.told(order, ("polinate_phase", "CANCELLED"))
    order = resolved(book, park(book, order), found="done")
    assert (order.facets.stage, order.parked) == ("cancelled", False)
    assert (book.job(order).kind, book.job(order).state) == ("void", "due")
    assert book.asked(order)[-1] == ("void", "prepared")


def test_a_void_that_the_operator_saw_is_done(book: Book) -> None:
    order = book.confirmed()
    book.told(order, ("polinate_phase", "CANCELLED"))
    order = park(book, order)
    nothing = book.refused(ResolveOrder(ORG, order.id, PROOF, "nothing"))
    assert nothing.detail == "a void of which nothing was done is not settled; retry the order"
    order = resolved(book, order)
    assert (order.facets.payment, book.jobs(order)) == ("voided", [])
    assert book.asked(order) == [("authorise", "given_up"), ("void", "done")]


def test_a_capture_and_a_refund_are_settled_by_what_was_found(book: Book) -> None:
    order = book.confirmed()
    book.done(CaptureOrder(ORG, "native", order.id))
    order = park(book, order)
    declined = book.judge(ResolveOrder(ORG, order.id, PROOF, "nothing"))
    assert not isinstance(declined, Refusal)
    order = resolved(book, order)
    assert (order.facets.payment, order.parked) == ("paid", False)
    assert book.asked(order) == [("authorise", "done"), ("capture", "done")]
    book.done(RefundOrder(ORG, "native", order.id))
    order = resolved(book, park(book, order), found="nothing")
    assert (order.facets.payment, order.parked) == ("paid", False)
    assert book.asked(order)[-1] == ("refund", "declined")
    assert order.reason == "refund_declined"
    book.done(RefundOrder(ORG, "native", order.id))
    order = resolved(book, park(book, order))
    assert order.facets.payment == "refunded"
    assert book.types(order).count("order.resolved") == 3
    full = book.facts.funds_of((ORG, order.id))
    assert full is not None
    assert full.first.operations[-1].provider_reference == "pi_7"


@pytest.mark.parametrize(("service", "known"), [("adyen", "ref-1"), ("paypal", None)])
def test_a_capture_that_was_found_keeps_what_a_refund_is_of(
    book: Book, service: str, known: str | None
) -> None:
    """Adyen gives back the payment, and PayPal the capture, which the book cannot know."""
    book.facts.accounts[ORG] = frozenset({service})
    order = book.placed(line(), payment_provider=service)
    book.done(book.reserving(order)._replace(services=frozenset({service})))
    book.settled(order, "authorized")
    book.done(CaptureOrder(ORG, "native", order.id))
    order = park(book, order)
    if known is None:
        refusal = book.refused(ResolveOrder(ORG, order.id, PROOF))
        assert (refusal.reason, refusal.field) == (Reason.INVALID, "reference")
        known = "CAPT-1"
        resolved(book, order, reference=known)
    else:
        resolved(book, order, reference=None)
    full = book.facts.funds_of((ORG, order.id))
    assert full is not None
    assert full.first.operations[-1].provider_reference == known


@pytest.mark.parametrize(
    ("service", "held", "facet"), [("stripe", 0, "paid"), ("paypal", 600, "authorized")]
)
def test_a_part_that_was_captured_lets_go_of_the_rest_where_the_service_captures_once(
    book: Book, service: str, held: int, facet: str
) -> None:
    book.facts.accounts[ORG] = frozenset({service})
    order = book.placed(line(), payment_provider=service)
    book.done(book.reserving(order)._replace(services=frozenset({service})))
    book.settled(order, "authorized")
    book.done(CaptureOrder(ORG, "native", order.id, Amount(400, 2)))
    order = resolved(book, park(book, order), reference="CAPT-1")
    full = book.facts.funds_of((ORG, order.id))
    assert full is not None
    assert (full.first.held, full.capturable, order.facets.payment) == (held, held, facet)
    book.told(order, ("polinate_phase", "CANCELLED"))
    open_ = {one for one in book.asked(order) if one[1] == "prepared"}
    assert open_ == {("refund", "prepared"), *([("void", "prepared")] if held else [])}


def test_a_last_capture_of_which_nothing_was_done_keeps_its_hold(book: Book) -> None:
    order = book.confirmed()
    book.done(CaptureOrder(ORG, "native", order.id))
    order = resolved(book, park(book, order), found="nothing")
    full = book.facts.funds_of((ORG, order.id))
    assert full is not None
    assert (full.capturable, order.facets.payment) == (order.total.units, "authorized")


def test_resolving_twice_finds_nothing_parked(book: Book) -> None:
    order = parked(book)
    resolved(book, order, found="done")
    before = book.events(order)
    again = book.refused(ResolveOrder(ORG, order.id, PROOF, "done"))
    assert (again.reason, again.detail) == (Reason.ILLEGAL_MOVE, "no step of the order is parked")
    assert book.events(order) == before


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "must be said: done where the service holds the money, nothing where it does not"),
    ({"found": "perhaps"}, "must be one of done, nothing"),
    ({"found": "done"}, "must be told: the service's own reference of the money"),
    ({"proof": "  ", "found": "done"}, "must not be blank"),
    ({"proof": "x" * (PROOF_MAX + 1), "found": "done"}, "must not be longer than 2,000 characters"),
]


@pytest.mark.parametrize(("said", "sentence"), WRONG)
def test_what_is_not_proof_is_refused(book: Book, said: dict[str, Any], sentence: str) -> None:
    command = ResolveOrder(ORG, parked(book).id, PROOF)._replace(**said)
    assert book.refused(command).detail == sentence


def test_only_a_parked_payment_is_resolved(book: Book) -> None:
    assert book.refused(ResolveOrder(ORG, b"n" * 16, PROOF)).reason is Reason.UNKNOWN_ORDER
    order = book.placed(line())
    assert book.refused(ResolveOrder(ORG, order.id, PROOF)).detail == (
        "no step of the order is parked"
    )
    order = park(book, order)
    assert book.refused(ResolveOrder(ORG, order.id, PROOF)).detail == (
        "reserve asks no payment service; retry the order, or cancel it"
    )


def test_a_step_in_a_worker_s_hands_is_left_to_the_worker(book: Book) -> None:
    order = parked(book)
    job = book.job(order)
    taken = job._replace(leased_until=book.facts.now + 10_000_000, fence=job.fence + 1)
    book.facts.jobs.read([taken])
    refused = book.refused(ResolveOrder(ORG, order.id, PROOF, "done"))
    assert refused.detail == "the step is under way"


def test_a_worker_that_comes_back_late_finds_the_payment_settled(book: Book) -> None:
    order = parked(book)
    late = book.settling(order, "declined")
    resolved(book, order, found="done")
    assert book.refused(late).reason is Reason.STALE_LEASE
    assert book.order(order).facets.stage == "confirmed"
