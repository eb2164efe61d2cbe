"""A paid order comes to cost more or less: only the difference moves, and never too much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.book import ORG, SCARCE, TRACKED, Book, line, one, telling

from entrepot.core import events, held
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.capture import CaptureOrder, PrepareCapture
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.late_money import SettleHearing
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.facets import ENDED
from entrepot.core.funds import Funds
from entrepot.core.money import Amount
from entrepot.core.order import Job, Order
from entrepot.core.references import serves_again
from entrepot.core.refusal import Reason, Refusal

AGAIN, ONCE = "shopper/8415718415718415", "8815658961765250"  # Adyen's references


def a_book(reference: str = AGAIN, provider: str = "adyen") -> tuple[Book, Order]:
    """An order of 10.00 EUR that is authorised."""
    book = Book()
    book.stock(TRACKED, 100)
    said = {"payment_provider": provider, "payment_reference": reference}
    order = one(book.done(PlaceOrder(ORG, "synq", "EUR", (line(TRACKED),), said=said)))
    book.reserved(order)
    book.settled(order, "authorized")
    return book, book.order(order)


def costing(order: Order, cents: int, **said: Any) -> AmendOrder:
    return AmendOrder(ORG, "native", order.id, total=Amount(cents, 2), **said)


def funds(book: Book, order: Order) -> Funds:
    found = book.facts.funds_of((ORG, order.id))
    assert found is not None
    return found


def job_of(book: Book, order: Order, kind: str) -> Job:
    [job] = [one for one in book.jobs(order) if one.kind == kind]
    return job


def answered(book: Book, order: Order, outcome: str) -> None:
    """The service's word on the further payment that it was asked for."""
    job, asked = job_of(book, order, "increase"), funds(book, order).for_step("increase")
    assert asked is not None
    number = asked.payment.number
    book.done(SettlePayment(
        ORG, order.id, job.id, job.fence, outcome, "no money", f"ref-{number}", payment=number
    ))  # fmt: skip


def work(book: Book, order: Order, *, good: bool) -> None:
    """One step of each job of the order. No worker has a step in hand that was stopped."""
    for job in [each for each in book.jobs(order) if each.state != held.STOPPED]:
        if job.kind == "increase":
            if funds(book, order).asked is None:
                book.facts.jobs.remove((ORG, job.id))
            else:
                answered(book, order, "authorized" if good else "declined")
            continue
        if job.kind == "hear":
            book.done(SettleHearing(ORG, order.id, job.id, job.fence, ()))
            continue
        payment = funds(book, order).for_step(job.kind)
        assert payment is not None
        asked, number = payment.first_open(job.kind), payment.payment.number
        if job.kind == "void":
            book.done(SettlePayment(ORG, order.id, job.id, job.fence, "voided", "", payment=number))
        elif asked is not None:
            reference = f"{job.kind}-{number}-{asked.number}"
            book.done(SettleOperation(
                ORG, order.id, job.id, job.fence, number, asked.number, good, "no", reference
            ))  # fmt: skip
        else:
            book.done(PrepareCapture(ORG, order.id, job.id, job.fence, several=True))


def by_hand(book: Book, order: Order) -> None:
    """Somebody had taken the money at the service that was to be let go."""
    for job in book.jobs(order):
        payment = funds(book, order).with_open("void")
        if job.kind == "void" and payment is not None:
            book.done(SettlePayment(
                ORG, order.id, job.id, job.fence, "captured", "", "by-hand",
                payment=payment.payment.number,
            ))  # fmt: skip


def test_what_is_added_is_a_further_payment_with_a_key_of_its_own() -> None:
    book, order = a_book()
    book.done(costing(order, 1500))
    [first, further] = funds(book, order).payments
    assert (first.payment.amount, further.payment.amount) == (Amount(1000, 2), Amount(500, 2))
    assert further.payment[3:7] == first.payment[3:7]
    assert further.authorisation.key != first.authorisation.key
    waits = book.order(order)
    assert (waits.total, waits.facets.payment) == (Amount(1500, 2), "authorized")
    assert (waits.reason, waits.reason_detail) == ("waiting", "adyen is asked for 5.00 EUR more")
    answered(book, order, "authorized")
    done = book.order(order)
    assert (done.facets.payment, done.reason, done.sender_words) == ("authorized", None, None)
    assert funds(book, order).capturable == 1500
    assert book.types(order)[-3:] == [
        events.ORDER_AMENDED, events.INCREASE_REQUESTED, events.PAYMENT_INCREASED
    ]  # fmt: skip
    book.done(CaptureOrder(ORG, "native", order.id))
    for _ in range(3):
        work(book, order, good=True)
    assert book.order(order).facets.payment == "paid"
    assert [one.taken for one in funds(book, order).payments] == [1000, 500]
    book.done(RefundOrder(ORG, "native", order.id, Amount(700, 2)))
    for _ in range(2):
        work(book, order, good=True)
    assert [one.refundable for one in funds(book, order).payments] == [800, 0]


def test_nothing_leaves_before_the_rest_is_authorised() -> None:
    book, order = a_book()
    book.told(order, ("polinate_status", "PACKED"))
    book.done(costing(order, 1500))
    for command in (
        ShipOrder(ORG, "native", order.id), telling(order, ("polinate_status", "IN_TRANSIT"))
    ):  # fmt: skip
        refusal = book.refused(command)
        assert refusal.reason is Reason.ILLEGAL_MOVE
        assert "before the rest is authorised" in refusal.sentence
    answered(book, order, "authorized")
    book.done(ShipOrder(ORG, "native", order.id))


def test_what_is_declined_leaves_the_order_with_a_reason_and_two_ways_on() -> None:
    book, order = a_book()
    book.told(order, ("polinate_status", "PACKED"))
    book.done(costing(order, 1500))
    answered(book, order, "declined")
    told = book.order(order)
    assert (told.reason, told.total) == ("increase_declined", Amount(1500, 2))
    assert told.reason_detail == "adyen: 5.00 EUR more is declined: no money"
    assert book.refused(ShipOrder(ORG, "native", order.id)).reason is Reason.ILLEGAL_MOVE
    back = Book.order(book, order)
    book.done(costing(back, 1000))
    assert (book.order(order).reason, book.order(order).sender_words) == (None, None)
    book.done(costing(order, 1500))
    answered(book, order, "declined")
    book.done(AmendOrder(ORG, "native", order.id, payment_reference="shopper/9"))
    assert [one.payment.amount.units for one in funds(book, order).payments] == [1000, 0, 0, 500]
    answered(book, order, "authorized")
    book.done(ShipOrder(ORG, "native", order.id))
    assert funds(book, order).capturable == 1500


def test_a_lower_total_takes_less_and_the_rest_is_let_go_in_the_end() -> None:
    book, order = a_book()
    book.done(costing(order, 600))
    assert book.jobs(order) == []
    assert (funds(book, order).capturable, funds(book, order).first.held) == (600, 1000)
    book.done(costing(order, 900))  # within what is held: nobody is asked
    assert len(funds(book, order).payments) == 1
    book.done(CaptureOrder(ORG, "native", order.id))
    [operation] = [one for one in funds(book, order).first.operations if one.kind == "capture"]
    assert (operation.units, funds(book, order).first.is_last(operation)) == (900, True)
    job = job_of(book, order, "capture")
    book.done(SettleOperation(
        ORG, order.id, job.id, job.fence, 1, operation.number, True, "", "ch-1", final=True
    ))  # fmt: skip
    assert book.order(order).facets.payment == "paid"
    assert [(one.kind, one.units) for one in funds(book, order).first.operations][-1] == (
        "void", 100
    )  # fmt: skip


def test_a_lower_total_gives_back_what_was_taken_and_lets_go_of_what_is_held_for_nothing() -> None:
    book, order = a_book()
    book.done(CaptureOrder(ORG, "native", order.id, Amount(700, 2)))
    work(book, order, good=True)
    work(book, order, good=True)
    book.done(costing(order, 500))
    assert {job.kind for job in book.jobs(order)} == {"refund", "void"}
    for _ in range(2):
        work(book, order, good=True)
    after = funds(book, order)
    assert (after.kept, after.first.held, after.due) == (500, 0, 500)
    assert book.order(order).facets.payment == "partially_refunded"


def test_an_addition_that_is_amended_back_is_let_go_whatever_the_service_says() -> None:
    for outcome in ("authorized", "captured", "declined"):
        book, order = a_book()
        book.done(costing(order, 1500))
        book.done(costing(order, 1000))
        assert book.order(order).sender_words is None
        answered(book, order, outcome)
        for _ in range(3):
            work(book, order, good=True)
        assert book.jobs(order) == []
        after = funds(book, order)
        assert (after.capturable, after.kept, after.payments[1].held) == (1000, 0, 0)
        assert book.order(order).reason in (None, "sandbox")


def test_goods_that_are_added_are_reserved_first() -> None:
    book, order = a_book()
    book.stock(SCARCE, 1)
    more = (line(SCARCE, 2)._replace(where="lines.add[0]"),)
    refusal = book.refused(AmendOrder(ORG, "native", order.id, create_lines=more))
    assert refusal.reason is Reason.OUT_OF_STOCK
    assert len(funds(book, order).payments) == 1
    more = (line(SCARCE, 1)._replace(where="lines.add[0]"),)
    book.done(AmendOrder(ORG, "native", order.id, create_lines=more))
    assert book.level(SCARCE).reserved == 1
    answered(book, order, "declined")
    assert book.level(SCARCE).reserved == 1


@pytest.mark.parametrize(
    ("command", "reason", "told"),
    [
        (lambda order: costing(order, 0), Reason.INVALID, "must be more than 0"),
        (lambda order: AmendOrder(ORG, "native", order.id, total=Amount(10005, 3)), Reason.INVALID,
         "has more than 2 decimal places"),
        (lambda order: AmendOrder(ORG, "native", order.id, payment_reference="x/y"), Reason.INVALID,
         "no more is to be paid"),
        (lambda order: AmendOrder(ORG, "native", order.id, said={"currency": "USD"}),
         Reason.AMOUNT_FIXED, "Cancel the order"),
    ],
)  # fmt: skip
def test_what_cannot_be_paid_is_refused(
    command: Callable[[Order], AmendOrder], reason: Reason, told: str
) -> None:
    book, order = a_book()
    refusal = book.refused(command(order))
    assert (refusal.reason, told in refusal.sentence) == (reason, True), refusal.sentence


def test_a_reference_that_serves_once_has_to_be_followed_by_another_one() -> None:
    book, order = a_book(ONCE)
    refusal = book.refused(costing(order, 1500))
    assert refusal.reason is Reason.AMOUNT_FIXED
    assert "5.00 EUR more is to be paid, and adyen takes a second payment with" in refusal.sentence
    book.done(costing(order, 900))
    book.done(costing(order, 1500, payment_reference="8815658961765999"))
    assert funds(book, order).payments[1].payment.reference == "8815658961765999"


def test_a_reference_that_pays_another_order_is_refused() -> None:
    book, order = a_book(ONCE)
    said = {"payment_provider": "adyen", "payment_reference": "8815658961765999"}
    other = one(book.done(PlaceOrder(ORG, "synq", "EUR", (line(TRACKED),), said=said)))
    refusal = book.refused(costing(order, 1500, payment_reference="8815658961765999"))
    assert (refusal.reason, refusal.field) == (Reason.INVALID, "payment_reference")
    assert "is already the payment of order" in refusal.sentence
    book.told(other, ("polinate_phase", "CANCELLED"))
    book.done(costing(order, 1500, payment_reference="8815658961765999"))
    third = one(book.done(PlaceOrder(ORG, "synq", "EUR", (line(TRACKED),), said=said)))
    assert third.shares_payment_of == order.id
    book.told(order, ("polinate_phase", "CANCELLED"))
    fourth = one(book.done(PlaceOrder(ORG, "synq", "EUR", (line(TRACKED),), said=said)))
    assert fourth.shares_payment_of == third.id
    for one_of_them in (third, fourth):
        book.told(one_of_them, ("polinate_phase", "CANCELLED"))
    own = {"payment_provider": "adyen", "payment_reference": ONCE}
    fifth = one(book.done(PlaceOrder(ORG, "synq", "EUR", (line(TRACKED),), said=own)))
    book.reserved(fifth)
    book.settled(fifth, "authorized")
    book.done(costing(book.order(fifth), 1500, payment_reference="8815658961765999"))


def test_a_saved_method_pays_what_is_added_whichever_orders_came_with_it() -> None:
    book, order = a_book(ONCE)
    said = {"payment_provider": "adyen", "payment_reference": AGAIN}
    other = book.placed(line(price=Amount(100, 2)), **said)
    book.done(costing(order, 1500, payment_reference=AGAIN))
    assert funds(book, order).payments[1].payment.reference == AGAIN
    assert book.placed(line(price=Amount(100, 2)), **said).shares_payment_of is None
    for ended in (order, other):
        book.told(book.order(ended), ("synq", "cancelled"))
    assert {claim.reference for claim in book.facts.claims.values()} == set()


@pytest.mark.parametrize(
    ("service", "reference", "again"),
    [
        ("stripe", "cus_1/pm_1", True), ("stripe", "cus_1/card_1", True), ("stripe", "pm_1", False),
        ("stripe", "pi_1", False), ("stripe", "tok_visa", False), ("adyen", AGAIN, True),
        ("adyen", ONCE, False), ("paypal", "vault/8kk", True),
        ("paypal", "5O190127TN364715T", False),
        ("of play money", "anything", True),
    ],
)  # fmt: skip
def test_which_references_serve_again(service: str, reference: str, again: bool) -> None:
    assert serves_again(service, reference) is again


def test_a_held_order_is_not_asked_for_more_before_it_is_released() -> None:
    book, order = a_book()
    book.done(HoldOrder(ORG, "native", order.id, "fraud?"))
    book.done(costing(order, 1500))
    assert job_of(book, order, "increase").state == "stopped"
    book.done(ReleaseOrder(ORG, "native", order.id))
    assert job_of(book, order, "increase").state == "due"


def test_more_money_is_taken_at_once_where_the_organization_takes_it_then() -> None:
    book, order = a_book()
    book.done(ChangeSettings(ORG, "confirmation"))
    book.done(costing(order, 1500))
    job = job_of(book, order, "increase")
    book.done(SettlePayment(
        ORG, order.id, job.id, job.fence, "authorized", "", "ref-2", "confirmation", 2
    ))  # fmt: skip
    assert funds(book, order).taken == 1500


STEPS = st.lists(
    st.tuples(
        st.sampled_from([
            "amend", "amend", "amend", "capture", "refund", "good", "bad", "by hand", "cancel",
        ]),
        st.integers(1, 2000),
    ),
    max_size=14,
)  # fmt: skip


@settings(max_examples=60)
@given(steps=STEPS)
def test_what_is_taken_and_held_to_be_taken_is_never_more_than_the_total(
    steps: list[tuple[str, int]],
) -> None:
    book, order = a_book()
    for what, cents in steps:
        if what == "amend":
            book.attempted(costing(order, cents))
        elif what == "capture":
            book.attempted(CaptureOrder(ORG, "native", order.id, Amount(cents, 2)))
        elif what == "refund":
            book.attempted(RefundOrder(ORG, "native", order.id, Amount(cents, 2)))
        elif what == "cancel":
            book.attempted(telling(book.order(order), ("polinate_phase", "CANCELLED")))
        elif what == "by hand":
            by_hand(book, order)
        else:
            work(book, order, good=what == "good")
        _law(book, order)
    for _ in range(40):
        work(book, order, good=True)
        _law(book, order)
    assert book.jobs(order) == []


def _law(book: Book, order: Order) -> None:
    now, its = funds(book, order), book.order(order)
    total = its.total.at(now.scale)
    assert now.due == total, "the payments are of the order's total"
    refused = any((one.kind, one.state) == ("refund", "declined")
                  for full in now.payments for one in full.operations)  # fmt: skip
    if its.facets.stage in ENDED:
        assert now.capturable == 0 or now.with_open("capture")
    else:
        assert now.kept + now.capturable <= total or refused
    for full in now.payments:
        assert 0 <= full.payment.amount.units <= full.authorisation.units
        assert full.taken <= full.authorisation.units
        assert full.given_back <= full.taken
    outcome = book.judge(CaptureOrder(ORG, "native", order.id, Amount(now.capturable + 1, 2)))
    assert isinstance(outcome, Refusal)
