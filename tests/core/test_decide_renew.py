"""A hold that ends soon is renewed by a further payment, and no money is held or taken twice."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.book import ORG, Book, telling
from tests.core.test_decide_difference import (
    AGAIN,
    ONCE,
    _law,
    a_book,
    answered,
    by_hand,
    costing,
    funds,
    job_of,
    work,
)

from entrepot.core import events
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.lapse import HoldLapses
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.facets import ENDED
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.refusal import Reason
from entrepot.core.results import LapseResult

ENDS = 1_700_600_000_000_000


def lapses(order: Order, payment: int = 1) -> HoldLapses:
    return HoldLapses(ORG, order.id, payment, ENDS, several=True)


def renewing(reference: str = AGAIN) -> tuple[Book, Order]:
    """An order of 10.00 EUR whose hold ends soon, and is to be renewed."""
    book, order = a_book(reference)
    book.done(ChangeSettings(ORG, lapsing="renew"))
    book.done(lapses(order))
    return book, order


def dues(book: Book, order: Order) -> list[int]:
    return [one.payment.amount.units for one in funds(book, order).payments]


def held(book: Book, order: Order) -> list[int]:
    return [one.held for one in funds(book, order).payments]


def last(book: Book, order: Order, type_: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(
        [one for one in book.events(order) if one.type == type_][-1].body
    )
    return told


def test_the_same_amount_is_asked_for_under_a_key_of_its_own_and_nothing_is_due_of_it() -> None:
    book, order = renewing()
    [old, new] = funds(book, order).payments
    assert (new.authorisation.units, new.payment.amount) == (1000, Amount(0, 2))
    assert (new.payment.reference, new.payment.service) == (AGAIN, old.payment.service)
    assert new.authorisation.key != old.authorisation.key
    assert (old.capturable, new.capturable) == (1000, 0)
    told = book.order(order)
    assert (told.reason, told.facets.payment) == ("hold_lapses", "authorized")
    assert (told.reason_detail or "").endswith("; the service is asked to hold it anew")
    assert last(book, order, events.HOLD_LAPSES)["rule"] == "renew"


def test_the_new_hold_takes_over_what_is_due_and_the_old_one_is_let_go() -> None:
    book, order = renewing()
    answered(book, order, "authorized")
    assert dues(book, order) == [0, 1000]
    assert funds(book, order).capturable == 1000
    [void] = [one for one in funds(book, order).first.operations if one.kind == "void"]
    assert (void.units, void.state) == (1000, "prepared")
    told = last(book, order, events.HOLD_RENEWED)
    assert (told["amount"], told["payment"], told["instead_of"]) == ("10.00", 2, [1])
    work(book, order, good=True)
    after = book.order(order)
    assert (after.facets.payment, after.reason, book.jobs(order)) == ("authorized", None, [])
    book.done(CaptureOrder(ORG, "native", order.id))
    work(book, order, good=True)
    assert [one.taken for one in funds(book, order).payments] == [0, 1000]
    assert book.order(order).facets.payment == "paid"


def test_a_renewed_hold_is_renewed_again_once_it_ends() -> None:
    book, order = renewing()
    answered(book, order, "authorized")
    work(book, order, good=True)
    book.done(lapses(order, 2))
    answered(book, order, "authorized")
    assert dues(book, order) == [0, 0, 1000]
    assert book.types(order).count(events.HOLD_LAPSES) == 2


@pytest.mark.parametrize("outcome", ["declined", "expired"])
def test_what_is_declined_leaves_the_old_hold_and_the_order_says_so(outcome: str) -> None:
    book, order = renewing()
    answered(book, order, outcome)
    assert (dues(book, order), held(book, order)) == ([1000, 0], [1000, 0])
    told = book.order(order)
    assert (told.reason, told.facets.payment) == ("hold_lapses", "authorized")
    assert [job.kind for job in book.jobs(order)] == ["hear"]
    assert told.reason_detail == (
        "adyen does not hold 10.00 EUR anew, and its hold ends soon: no money"
    )
    assert last(book, order, events.RENEWAL_DECLINED)["reason"] == "no money"
    book.done(lapses(order))
    assert len(funds(book, order).payments) == 2
    book.done(CaptureOrder(ORG, "native", order.id))
    work(book, order, good=True)
    assert book.order(order).facets.payment == "paid"


def test_money_that_the_service_took_at_once_pays_the_order() -> None:
    book, order = renewing()
    answered(book, order, "captured")
    work(book, order, good=True)
    assert (book.order(order).facets.payment, dues(book, order)) == ("paid", [0, 1000])
    assert (funds(book, order).kept, held(book, order)) == (1000, [0, 0])


def test_a_reference_that_serves_once_falls_back_to_the_alarm() -> None:
    book, order = renewing(ONCE)
    assert len(funds(book, order).payments) == 1
    told = book.order(order)
    assert (told.reason_detail or "").endswith(
        "; adyen takes no second payment with the order's reference"
    )
    assert (last(book, order, events.HOLD_LAPSES)["rule"], book.jobs(order)) == ("alarm", [])


def test_what_was_taken_meanwhile_is_not_held_anew() -> None:
    book, order = renewing()
    book.done(CaptureOrder(ORG, "native", order.id))
    settle_capture(book, order)
    answered(book, order, "authorized")
    work(book, order, good=True)
    assert (funds(book, order).kept, held(book, order)) == (1000, [0, 0])
    assert book.order(order).facets.payment == "paid"


def test_an_answer_while_money_is_taken_changes_nothing_and_is_asked_for_again() -> None:
    """A capture that is sent again is the same, so that no due moves while it has no answer."""
    book, order = renewing()
    book.done(CaptureOrder(ORG, "native", order.id, Amount(400, 2)))
    answered(book, order, "authorized")
    assert dues(book, order) == [1000, 0]
    for _ in range(2):
        work(book, order, good=True)
    assert held(book, order) == [600, 0]
    book.done(lapses(order))
    answered(book, order, "authorized")
    work(book, order, good=True)
    assert (dues(book, order), held(book, order)) == ([400, 0, 600], [0, 0, 600])
    assert funds(book, order).kept == 400


def test_an_order_that_ended_meanwhile_keeps_no_money() -> None:
    for outcome in ("authorized", "captured", "declined"):
        book, order = renewing()
        book.done(telling(book.order(order), ("polinate_phase", "CANCELLED")))
        answered(book, order, outcome)
        for _ in range(4):
            work(book, order, good=True)
        assert (held(book, order), funds(book, order).kept, book.jobs(order)) == ([0, 0], 0, [])


@pytest.mark.parametrize("outcome", ["authorized", "captured", "declined", "expired"])
def test_an_order_that_ended_while_money_was_taken_is_told_nothing_of_its_hold(
    outcome: str,
) -> None:
    """The rest of the old hold stays until the capture is answered: nobody asks for it again."""
    book, order = renewing()
    book.done(CaptureOrder(ORG, "native", order.id, Amount(400, 2)))
    book.done(telling(book.order(order), ("polinate_phase", "CANCELLED")))
    assert funds(book, order).capturable == 600
    before = book.order(order)
    answered(book, order, outcome)
    after = book.order(order)
    assert (after.reason, after.reason_detail) == (before.reason, before.reason_detail)
    assert after.sender_words == before.sender_words
    for _ in range(6):
        work(book, order, good=True)
    assert (sum(held(book, order)), funds(book, order).kept, book.jobs(order)) == (0, 0, [])


def test_what_an_order_costs_does_not_rise_while_it_is_held_anew_and_may_fall() -> None:
    book, order = renewing()
    for command in (
        costing(order, 1500), AmendOrder(ORG, "native", order.id, payment_reference="shopper/9")
    ):  # fmt: skip
        assert book.refused(command).reason in (Reason.ILLEGAL_MOVE, Reason.INVALID)
    book.done(costing(order, 700))
    answered(book, order, "authorized")
    work(book, order, good=True)
    assert (dues(book, order), held(book, order)) == ([0, 700], [0, 1000])
    book.done(costing(order, 900))
    book.done(CaptureOrder(ORG, "native", order.id))
    assert funds(book, order).taken == 900


def test_a_total_that_a_hold_has_room_for_does_not_rise_above_what_is_asked_for() -> None:
    book, order = a_book()
    book.done(costing(order, 700))
    book.done(ChangeSettings(ORG, lapsing="renew"))
    book.done(lapses(order))
    assert funds(book, order).payments[1].authorisation.units == 700
    assert book.refused(costing(order, 900)).reason is Reason.ILLEGAL_MOVE
    answered(book, order, "authorized")
    work(book, order, good=True)
    assert (dues(book, order), held(book, order)) == ([0, 700], [0, 700])


def test_two_holds_of_one_order_are_renewed_one_after_the_other() -> None:
    book, order = a_book()
    book.done(costing(order, 1500))
    answered(book, order, "authorized")
    book.done(ChangeSettings(ORG, lapsing="renew"))
    book.done(lapses(order))
    before = (book.order(order), book.types(order))
    assert book.done(lapses(order, 2)) == LapseResult(told=False)
    assert (book.order(order), book.types(order)) == before
    answered(book, order, "authorized")
    work(book, order, good=True)
    book.done(lapses(order, 2))
    answered(book, order, "authorized")
    work(book, order, good=True)
    assert (dues(book, order), held(book, order)) == ([0, 0, 1000, 500], [0, 0, 1000, 500])


def test_what_was_let_go_of_one_payment_is_no_part_of_what_another_one_holds() -> None:
    """More was added than the order cost at first, and was amended back once it was held."""
    book, order = a_book()
    book.done(costing(order, 2500))
    answered(book, order, "authorized")
    book.done(costing(order, 1000))
    work(book, order, good=True)
    assert (held(book, order), book.order(order).facets.payment) == ([1000, 0], "authorized")


def test_a_hold_of_nothing_that_a_finding_leaves_is_let_go() -> None:
    """An operator finds the capture done: the rest of the hold is not due, and is let go."""
    book, order = a_book()
    book.done(costing(order, 600))
    book.done(CaptureOrder(ORG, "native", order.id))
    settle_capture(book, order)
    work(book, order, good=True)
    assert (held(book, order), book.order(order).facets.payment) == ([0], "paid")


def settle_capture(book: Book, order: Order) -> None:
    """The service did the capture that is under way, and let go of nothing with it."""
    job, payment = job_of(book, order, "capture"), funds(book, order).with_open("capture")
    assert payment is not None
    asked = payment.first_open("capture")
    assert asked is not None
    book.done(SettleOperation(
        ORG, order.id, job.id, job.fence, asked.payment, asked.number, True, "", "ch-1"
    ))  # fmt: skip


STEPS = st.lists(
    st.tuples(
        st.sampled_from([
            "lapses", "lapses", "amend", "capture", "refund", "good", "good", "bad", "by hand",
            "cancel", "hold", "release",
        ]),
        st.integers(1, 2000),
    ),
    max_size=16,
)  # fmt: skip


@settings(max_examples=100)
@given(steps=STEPS)
def test_in_any_order_no_money_is_held_or_taken_twice(steps: list[tuple[str, int]]) -> None:
    book, order = a_book()
    book.done(ChangeSettings(ORG, lapsing="renew"))
    for what, cents in steps:
        if what == "lapses":
            number = cents % len(funds(book, order).payments) + 1
            book.done(lapses(order, number))
        elif what == "amend":
            book.attempted(costing(order, cents))
        elif what == "capture":
            book.attempted(CaptureOrder(ORG, "native", order.id, Amount(cents, 2)))
        elif what == "refund":
            book.attempted(RefundOrder(ORG, "native", order.id, Amount(cents, 2)))
        elif what == "cancel":
            book.attempted(telling(book.order(order), ("polinate_phase", "CANCELLED")))
        elif what == "hold":
            book.attempted(HoldOrder(ORG, "native", order.id, "fraud?"))
        elif what == "release":
            book.attempted(ReleaseOrder(ORG, "native", order.id))
        elif what == "by hand":
            by_hand(book, order)
        else:
            work(book, order, good=what == "good")
        _law(book, order)
        _no_hold_for_nothing(book, order)
    book.attempted(ReleaseOrder(ORG, "native", order.id))
    for _ in range(40):
        work(book, order, good=True)
        _law(book, order)
        _no_hold_for_nothing(book, order)
    assert book.jobs(order) == []


def _no_hold_for_nothing(book: Book, order: Order) -> None:
    """Each amount that is due is held once: every other hold is being let go."""
    if book.order(order).facets.stage in ENDED:
        return
    for one in funds(book, order).payments:
        assert not one.is_idle or one.first_open("capture") is not None
