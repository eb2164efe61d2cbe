"""A hold of money that is about to lapse: told once an order, and then taken, let go or left."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.book import ORG, Book, telling
from tests.core.test_decide_money import captured, paid, settled
from tests.quantities import much

from entrepot.core import events
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.lapse import HoldLapses
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.steps import DeferJob
from entrepot.core.lapsing import RULES
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.payment import LIVE
from entrepot.core.shipments import Part

ENDS = 1_700_600_000_000_000


def lapses(order: Order, *, several: bool = True) -> HoldLapses:
    return HoldLapses(ORG, order.id, 1, ENDS, several)


def a_book(rule: str = "alarm") -> tuple[Book, Order]:
    """A book whose organization has the rule, and a confirmed order of 25.00 that is held."""
    book = Book()
    book.stock()
    book.done(ChangeSettings(ORG, lapsing=rule))
    return book, book.confirmed()


def _nothing(_book: Book, _order: Order) -> None:
    """The order stays as it is."""


def _held(book: Book, order: Order) -> None:
    book.done(HoldOrder(ORG, "native", order.id, "fraud?"))


def _shipped(book: Book, order: Order) -> None:
    book.told(order, ("polinate_status", "PACKED"))
    book.done(ShipOrder(ORG, "native", order.id))


def _partly_taken(book: Book, order: Order) -> None:
    captured(book, order, 400)


def _being_taken(book: Book, order: Order) -> None:
    book.done(CaptureOrder(ORG, "native", order.id, Amount(400, 2)))


def _parked(book: Book, order: Order) -> None:
    captured(book, order, 400)
    book.done(RefundOrder(ORG, "native", order.id, Amount(100, 2)))
    job = book.job(order)
    book.done(DeferJob(ORG, job.id, job.fence, job.run_at, "no", parked=True, order_id=order.id))


# How the order stands, and what is done by the rules `capture`, `release` and `renew`.
STANDS: list[tuple[Callable[[Book, Order], None], str, str, str]] = [
    (_nothing, "capture", "release", "renew"),
    (_held, "alarm", "alarm", "alarm"),
    (_shipped, "capture", "alarm", "renew"),
    (_partly_taken, "capture", "release", "renew"),
    (_being_taken, "alarm", "alarm", "alarm"),
    (_parked, "alarm", "alarm", "alarm"),
]
TABLE = [
    (stands, rule, does)
    for stands, *done in STANDS
    for rule, does in zip(RULES, ("alarm", *done), strict=True)
]
MADE = {"alarm": None, "capture": "capture", "release": "void", "renew": "authorise"}


@pytest.mark.parametrize(("stands", "rule", "does"), TABLE)
def test_a_hold_that_lapses_is_told_once_and_the_rule_follows_where_it_fits(
    stands: Callable[[Book, Order], None], rule: str, does: str
) -> None:
    book, order = a_book(rule)
    stands(book, order)
    before, open_ = paid(book, order), book.asked(order)
    book.done(lapses(order))
    after = book.order(order)
    [told] = [one for one in book.events(order) if one.type == events.HOLD_LAPSES]
    said = json.loads(told.body)
    assert said["ends"] == "2023-11-21T20:53:20Z"
    assert said["rule"] == does
    assert said["amount"] == Amount(before.capturable, 2).text()
    if after.parked:
        assert after.reason == "parked"
    else:
        assert after.reason == "hold_lapses"
        assert "until 2023-11-21T20:53:20Z" in (after.reason_detail or "")
    more = book.asked(order)[len(open_) :]
    assert more == ([(MADE[does], "prepared")] if MADE[does] else [])
    funds = book.facts.funds_of((ORG, order.id))
    left = funds.capturable if funds is not None else 0
    assert left == (before.capturable if does in ("alarm", "renew") else 0)
    # A repeat changes nothing, whatever the organization chose meanwhile.
    for again in RULES:
        book.done(ChangeSettings(ORG, lapsing=again))
        stood = (book.order(order), book.types(order), book.asked(order), book.jobs(order))
        book.done(lapses(order))
        assert stood == (book.order(order), book.types(order), book.asked(order), book.jobs(order))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "order_is", ["mirrored", "cancelled", "ending", "placed", "paid", "disputed", "gone"]
)
def test_where_no_money_is_to_be_told_of_nothing_happens(rule: str, order_is: str) -> None:
    book, order = a_book(rule)
    if order_is == "mirrored":
        order = book.mirrored(("konvo", "paid"))
    elif order_is == "cancelled":
        book.told(order, ("polinate_phase", "CANCELLED"))
    elif order_is == "ending":
        # A capture is under way: its outcome is waited for before the rest is let go.
        _being_taken(book, order)
        book.told(order, ("polinate_phase", "CANCELLED"))
    elif order_is == "placed":
        order = book.placed(payment_provider="stripe")
        book.reserved(order)
    elif order_is in ("paid", "disputed"):
        captured(book, order)
        if order_is == "disputed":
            facets = book.order(order).facets._replace(payment="disputed")
            book.facts.orders.read([book.order(order).changed(facets=facets)])
    command = lapses(order)
    if order_is == "gone":
        command = command._replace(order_id=b"?" * 16)
    changes = book.changes(command)
    assert changes.events == []
    before = book.asked(order)
    book.facts.absorb(changes)
    assert book.asked(order) == before


def test_a_service_that_captures_once_is_not_asked_for_a_second_capture() -> None:
    book, order = a_book("capture")
    captured(book, order, 400)
    book.done(lapses(order, several=False))
    assert [kind for kind, _ in book.asked(order)] == ["authorise", "capture"]


def test_an_order_of_a_hold_that_was_released_says_so_and_one_that_was_taken_says_nothing() -> None:
    book, order = a_book("release")
    book.done(lapses(order))
    job = book.job(order)
    book.done(SettlePayment(ORG, order.id, job.id, job.fence, "voided", ""))
    after = book.order(order)
    assert (after.facets.stage, after.facets.payment) == ("confirmed", "voided")
    assert after.reason == "hold_lapses"
    assert "holds no money of the order any more" in (after.reason_detail or "")
    book, order = a_book("capture")
    book.done(lapses(order))
    settled(book, order, "capture")
    assert (book.order(order).facets.payment, book.order(order).reason) == ("paid", None)


def test_money_that_somebody_took_before_it_was_let_go_stays_with_its_running_order() -> None:
    book, order = a_book("release")
    book.done(lapses(order))
    job = book.job(order)
    book.done(SettlePayment(ORG, order.id, job.id, job.fence, "captured", "", "by-hand"))
    after = book.order(order)
    assert (after.facets.stage, after.facets.payment) == ("confirmed", "paid")
    assert (after.reason, book.jobs(order)) == (None, [])
    assert paid(book, order).refundable == paid(book, order).payment.amount.units
    # A refund is of what the service took, which not every service calls as it called the hold.
    [capture] = [one for one in paid(book, order).operations if one.kind == "capture"]
    assert (capture.provider_reference, capture.state) == ("by-hand", "done")


def test_a_void_of_a_running_order_that_fails_for_long_waits_and_does_not_end_the_order() -> None:
    book, order = a_book("release")
    book.done(lapses(order))
    job = book.job(order)
    book.done(
        DeferJob(ORG, job.id, job.fence, book.facts.now + 1, "no", order_id=order.id,
                 waiting="void, try 2", money_held=True)
    )  # fmt: skip
    assert book.order(order).reason == "waiting"


def test_a_person_decides_after_the_release_of_an_order_that_was_held() -> None:
    book, order = a_book("capture")
    _held(book, order)
    book.done(lapses(order))
    book.done(ReleaseOrder(ORG, "native", order.id))
    assert [kind for kind, _ in book.asked(order)] == ["authorise"]
    captured(book, order)
    assert book.order(order).facets.payment == "paid"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["lapses", "once", "take", "done", "declined", "ship", "cancel"]),
        st.integers(1, 1200),
    ),
    max_size=10,
)


@given(rule=st.sampled_from([one for one in RULES if one != "renew"]), steps=STEPS)
def test_a_walk_and_captures_in_any_order_never_take_more_than_is_held(
    rule: str, steps: list[tuple[str, int]]
) -> None:
    book, order = a_book(rule)
    for what, units in steps:
        if what in ("lapses", "once"):
            book.done(lapses(order, several=what == "lapses"))
        elif what == "take":
            book.attempted(CaptureOrder(ORG, "native", order.id, Amount(units, 2)))
        elif what == "ship":
            lines = (Part(order.lines[0].id, much(1)),)
            book.attempted(ShipOrder(ORG, "native", order.id, lines))
        elif what == "cancel":
            book.attempted(telling(book.order(order), ("polinate_phase", "CANCELLED")))
        else:
            _work(book, order, done=what == "done")
        _held_is_enough(book, order)
    assert book.types(order).count(events.HOLD_LAPSES) <= 1


def _work(book: Book, order: Order, *, done: bool) -> None:
    for job in book.jobs(order):
        if job.kind == "void":
            book.done(book.settling(order, "voided", job=job))
        elif paid(book, order).first_open(job.kind) is not None:
            settled(book, order, job.kind, done=done)


def _held_is_enough(book: Book, order: Order) -> None:
    full = paid(book, order)
    gone = [one for one in full.operations if one.kind in ("capture", "void")]
    assert sum([one.units for one in gone if one.state in LIVE]) <= full.authorisation.units
