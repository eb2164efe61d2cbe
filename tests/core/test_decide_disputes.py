"""The customer disputes money that was taken, while more of the order's money is held, taken, given
back or let go: the order is disputed until its service says otherwise.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.book import ORG, Book, telling
from tests.core.test_decide_difference import a_book, answered, costing, funds, job_of, work

from entrepot.core import ids
from entrepot.core.decide.after_done import Failed
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.lapse import HoldLapses
from entrepot.core.decide.look import SettleLook
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.wake import WakeStep
from entrepot.core.facets import Facets
from entrepot.core.lifecycle import PAYMENT_MOVES
from entrepot.core.money import Amount
from entrepot.core.notice import Topics
from entrepot.core.order import Order
from entrepot.core.refusal import Reason
from entrepot.core.shipments import Part
from entrepot.store.verify.payments import check_payments
from entrepot.store.verify.report import Findings
from entrepot.store.verify.stories import check_events

ENDS = 1_700_600_000_000_000
CANCELLED = ("polinate_phase", "CANCELLED")


def taken(cents: int = 400) -> tuple[Book, Order]:
    """An order of 10.00 EUR of which a part was taken, and the rest is held."""
    book, order = a_book()
    captured(book, order, cents)
    return book, order


def captured(book: Book, order: Order, cents: int | None = None) -> None:
    amount = None if cents is None else Amount(cents, 2)
    book.done(CaptureOrder(ORG, "native", order.id, amount))
    worked(book, order)


def worked(book: Book, order: Order) -> None:
    for _ in range(3):
        work(book, order, good=True)


def notified(book: Book, order: Order) -> list[str]:
    book.done(WakeStep(ORG, "adyen", ids.dashed(order.id), topics=Topics(dispute=True)))
    return [job.kind for job in book.jobs(order)]


def looked(book: Book, order: Order, disputed: bool | None, *failed: Failed) -> str:
    """The payment facet after a notification of a dispute, and the service's word on it."""
    assert "look" in notified(book, order)
    job = job_of(book, order, "look")
    book.done(SettleLook(ORG, order.id, job.id, job.fence, disputed, "why", failed=failed))
    return book.order(order).facets.payment


def test_an_order_of_which_a_part_is_held_is_disputed_and_no_more_once_the_shop_has_won() -> None:
    book, order = taken()
    assert book.order(order).facets.payment == "authorized"
    assert looked(book, order, None) == "authorized", "the service has no word on disputes"
    assert looked(book, order, True) == "disputed"
    assert looked(book, order, None) == "disputed"
    assert looked(book, order, True) == "disputed"
    assert looked(book, order, False) == "authorized"
    told = [one for one in book.types(order) if "dispute" in one]
    assert told == ["payment.disputed", "payment.dispute_ended"]
    verified(book, order)


def test_nothing_is_disputed_before_money_is_taken_or_after_all_was_given_back() -> None:
    book, order = a_book()
    assert notified(book, order) == []
    captured(book, order, 400)
    looked(book, order, True)
    book.done(RefundOrder(ORG, "native", order.id))
    worked(book, order)
    assert book.order(order).facets.payment == "authorized", "the rest is held"
    assert notified(book, order) == []
    verified(book, order)


def shipped(book: Book, order: Order) -> None:
    """Goods leave, and the organization takes the rest then."""
    book.done(ChangeSettings(ORG, capture="shipment"))
    book.told(order, ("polinate_status", "PACKED"))
    [goods] = order.lines
    book.done(ShipOrder(ORG, "native", order.id, (Part(goods.id, goods.quantity),)))
    worked(book, order)


def declined(book: Book, order: Order) -> None:
    book.done(CaptureOrder(ORG, "native", order.id))
    work(book, order, good=False)


def refunded(book: Book, order: Order) -> None:
    book.done(RefundOrder(ORG, "native", order.id, Amount(100, 2)))
    worked(book, order)


def refund_declined(book: Book, order: Order) -> None:
    book.done(RefundOrder(ORG, "native", order.id, Amount(100, 2)))
    work(book, order, good=False)


def cancelled(book: Book, order: Order) -> None:
    """What is held is let go, and the service gives back nothing of what is disputed."""
    book.told(order, CANCELLED)
    for _ in range(3):
        work(book, order, good=False)


def renewed(book: Book, order: Order) -> None:
    book.done(ChangeSettings(ORG, lapsing="renew"))
    book.done(HoldLapses(ORG, order.id, 1, ENDS, several=True))
    answered(book, order, "authorized")
    worked(book, order)


def released(book: Book, order: Order) -> None:
    book.done(ChangeSettings(ORG, lapsing="release"))
    book.done(HoldLapses(ORG, order.id, 1, ENDS, several=True))
    worked(book, order)


@pytest.mark.parametrize(
    ("does", "stands_then"),
    [
        (captured, "paid"),
        (shipped, "paid"),
        (declined, "authorized"),
        (refunded, "authorized"),
        (refund_declined, "authorized"),
        (cancelled, "paid"),
        (renewed, "authorized"),
        (released, "paid"),
    ],
)
def test_a_dispute_goes_on_whatever_becomes_of_the_rest(
    does: Callable[[Book, Order], None], stands_then: str
) -> None:
    book, order = taken()
    looked(book, order, True)
    does(book, order)
    assert book.order(order).facets.payment == "disputed"
    assert looked(book, order, False) == stands_then
    verified(book, order)


def test_a_further_payment_goes_on_while_the_first_one_is_disputed() -> None:
    book, order = taken(1000)
    book.done(costing(order, 1500))
    assert looked(book, order, True) == "disputed"
    answered(book, order, "authorized")
    assert book.order(order).facets.payment == "disputed"
    refusal = book.refused(costing(order, 1600))
    assert refusal.reason is Reason.AMOUNT_FIXED
    assert "Wait until the dispute is over" in (refusal.advice or "")
    captured(book, order)
    assert book.order(order).facets.payment == "disputed"
    assert looked(book, order, False) == "paid"
    verified(book, order)


@pytest.mark.parametrize("back", [1000, 1200, 1500])
def test_a_declined_addition_of_a_disputed_order_is_taken_back_or_paid_otherwise(
    back: int,
) -> None:
    """No money of what is disputed moves by that, and no goods left for as long."""
    book, order = taken(1000)
    book.done(costing(order, 1500))
    looked(book, order, True)
    answered(book, order, "declined")
    assert book.order(order).reason == "increase_declined"
    for cents in (999, 1501):
        assert book.refused(costing(order, cents)).reason is Reason.AMOUNT_FIXED
    more: dict[str, Any] = {"payment_reference": "shopper-2/1"} if back > 1000 else {}
    book.done(costing(order, back, **more))
    if back > 1000:
        assert job_of(book, order, "increase")
        answered(book, order, "authorized")
    assert book.order(order).facets.payment == "disputed"
    assert book.order(order).reason is None
    assert (funds(book, order).missing, funds(book, order).due) == (0, back)
    book.done(telling(order, ("polinate_status", "PACKED")))
    book.done(ShipOrder(ORG, "native", order.id))
    assert book.refused(costing(order, back + 1)).reason is Reason.AMOUNT_FIXED
    verified(book, order)


def test_a_capture_that_fails_leaves_the_dispute_of_another_one() -> None:
    book, order = taken()
    captured(book, order)
    looked(book, order, True)
    assert looked(book, order, None, Failed(1, 3, "no")) == "disputed"
    assert looked(book, order, None, Failed(1, 2, "no")) == "authorized", "nothing is taken"
    verified(book, order)


STEPS = st.lists(
    st.tuples(
        st.sampled_from([
            "disputed", "disputed", "no word", "won", "capture", "capture", "refund", "amend",
            "lapses", "fails", "good", "good", "good", "bad", "cancel",
        ]),
        st.integers(1, 1200),
    ),
    max_size=18,
)  # fmt: skip


@settings(max_examples=100)
@given(steps=STEPS)
def test_an_order_is_disputed_until_its_service_says_otherwise(
    steps: list[tuple[str, int]],
) -> None:
    book, order = a_book()
    book.done(ChangeSettings(ORG, lapsing="renew"))
    captured(book, order, 300)
    says = {"disputed": True, "won": False, "no word": None}
    open_ = False
    for what, cents in steps:
        its = funds(book, order)
        if what in says:
            if its.is_disputable:
                looked(book, order, says[what])
                open_ = open_ if says[what] is None else bool(says[what])
        elif what == "fails":
            if its.is_disputable:
                looked(book, order, None, *_failing(book, order))
        elif what in ("good", "bad"):
            _stepped(book, order, good=what == "good")
        else:
            book.attempted(_wish(order, what, cents))
        its, stands = funds(book, order), book.order(order).facets.payment
        open_ = open_ and its.is_disputable
        assert stands == ("disputed" if open_ else its.facet)
        verified(book, order)


def _stepped(book: Book, order: Order, *, good: bool) -> None:
    """One step of each job. A look that called an operator has no more to say."""
    for job in book.jobs(order):
        if job.kind == "look":
            book.done(SettleLook(ORG, order.id, job.id, job.fence, None))
    work(book, order, good=good)


def _wish(order: Order, what: str, cents: int) -> Any:
    amount = Amount(cents, 2)
    wishes: dict[str, Any] = {
        "capture": CaptureOrder(ORG, "native", order.id, amount),
        "refund": RefundOrder(ORG, "native", order.id, amount),
        "amend": AmendOrder(ORG, "native", order.id, total=amount),
        "lapses": HoldLapses(ORG, order.id, 1, ENDS, several=True),
        "cancel": telling(order, CANCELLED),
    }
    return wishes[what]


def _failing(book: Book, order: Order) -> list[Failed]:
    """The last refund, or else the last capture, failed after it was done."""
    for kind in ("refund", "capture"):
        its = [
            one for full in funds(book, order).payments for one in full.operations
            if (one.kind, one.state) == (kind, "done")
        ]  # fmt: skip
        if its:
            return [Failed(its[-1].payment, its[-1].number, "no")]
    return []


def verified(book: Book, order: Order) -> None:
    """The book is as `entrepot verify` wants it, by arithmetic that is not the book's own."""
    findings, its, told = Findings(), funds(book, order), book.events(order)
    operations = [one for full in its.payments for one in full.operations]
    now = book.order(order)
    check_payments(now, [one.payment for one in its.payments], operations, None, findings)
    stands: list[Facets | None] = [Facets(*json.loads(one.body)["facets"]) for one in told]
    check_events(now, told, stands, findings)
    assert findings.violations() == []
    passed = [one.payment for one in stands if one is not None]
    for before, after in itertools.pairwise(passed):
        assert before == after or after in PAYMENT_MOVES[before], (before, after)
