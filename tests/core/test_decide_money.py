"""Money of an order moves by sums that always hold, and by commands that say why they may not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.book import ORG, Book, telling
from tests.quantities import much

from entrepot.core import events
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.capture import CaptureOrder, PrepareCapture
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.facets import ENDED
from entrepot.core.money import Amount
from entrepot.core.order import Job, Order
from entrepot.core.payment import LIVE, FullPayment
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.shipments import Part

NONE = b"\x00" * 16
DELETED = ("polinate_phase", "DELETED")


def paid(book: Book, order: Order) -> FullPayment:
    found = book.facts.funds_of((ORG, order.id))
    assert found is not None
    [full] = found.payments
    return full


def job_of(book: Book, order: Order, kind: str) -> Job:
    [job] = [one for one in book.jobs(order) if one.kind == kind]
    return job


def settled(book: Book, order: Order, kind: str, *, done: bool = True) -> None:
    """The service's word on the first operation of the kind that is open."""
    job, operation = job_of(book, order, kind), paid(book, order).first_open(kind)
    assert operation is not None
    book.done(
        SettleOperation(ORG, order.id, job.id, job.fence, 1, operation.number, done, "no", "ref")
    )


def captured(book: Book, order: Order, units: int | None = None) -> None:
    amount = None if units is None else Amount(units, 2)
    book.done(CaptureOrder(ORG, "native", order.id, amount))
    settled(book, order, "capture")
    prepared(book, order)


def prepared(book: Book, order: Order) -> None:
    """The capture's step looks for more that is due, if it goes on."""
    for job in book.jobs(order):
        if job.kind == "capture" and paid(book, order).first_open("capture") is None:
            book.done(PrepareCapture(ORG, order.id, job.id, job.fence, several=True))


REFUSED: list[tuple[Any, Reason, str]] = [
    (CaptureOrder(ORG, "native", NONE), Reason.UNKNOWN_ORDER, ""),
    (RefundOrder(ORG, "native", NONE), Reason.UNKNOWN_ORDER, ""),
    (CaptureOrder(ORG, "native", b"", Amount(1001, 2)), Reason.ILLEGAL_MOVE,
     "10.00 EUR are held, 10.01 wanted"),
    (CaptureOrder(ORG, "native", b"", Amount(0, 2)), Reason.INVALID, "must be more than 0"),
    (CaptureOrder(ORG, "native", b"", Amount(1, 3)), Reason.INVALID,
     "has more than 2 decimal places"),
    (RefundOrder(ORG, "native", b""), Reason.ILLEGAL_MOVE,
     "no money of the order was taken that could be given back"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "reason", "sentence"), REFUSED)
def test_money_that_cannot_move_is_refused_with_its_reason(
    command: Any, reason: Reason, sentence: str
) -> None:
    book = Book()
    book.stock()
    order = book.confirmed()
    refusal = book.refused(command if command.order_id else command._replace(order_id=order.id))
    assert refusal.reason is reason
    assert refusal.detail == sentence


@pytest.mark.parametrize("stage", ["placed", "cancelled"])
def test_money_of_an_order_that_is_not_confirmed_is_not_taken(stage: str) -> None:
    book = Book()
    book.stock()
    order = book.placed(payment_provider="stripe")
    book.reserved(order)
    if stage == "cancelled":
        book.told(order, ("polinate_phase", "CANCELLED"))
    refusal = book.refused(CaptureOrder(ORG, "native", order.id))
    assert refusal.detail == f"the money of a {stage} order is not taken"


def test_what_was_asked_for_behind_the_only_capture_of_a_service_is_declined() -> None:
    book = Book()
    book.stock()
    order = book.confirmed()
    for _ in range(2):
        book.done(CaptureOrder(ORG, "native", order.id, Amount(400, 2)))
    job, first = job_of(book, order, "capture"), paid(book, order).first_open("capture")
    assert first is not None
    book.done(SettleOperation(
        ORG, order.id, job.id, job.fence, 1, first.number, True, "", "ch-1", final=True
    ))  # fmt: skip
    assert [one[4:6] + one[7:8] for one in paid(book, order).operations[1:]] == [
        ("capture", 400, "done"), ("capture", 400, "declined"), ("void", 600, "done"),
    ]  # fmt: skip
    after = book.order(order)
    assert (after.facets.payment, after.reason) == ("paid", "capture_declined")
    assert book.jobs(order) == []
    assert after.reason_detail == (
        "sandbox: the capture of 4.00 EUR is declined: sandbox let go of the rest with the capture "
        "before it"
    )
    assert book.types(order)[-2:] == [events.PAYMENT_CAPTURED, events.CAPTURE_DECLINED]


def test_money_of_an_order_that_is_held_is_not_taken() -> None:
    book = Book()
    book.stock()
    order = book.confirmed()
    book.done(HoldOrder(ORG, "native", order.id, "fraud?"))
    assert (
        book.refused(CaptureOrder(ORG, "native", order.id)).detail
        == "the order is held: release it (held: fraud?)"
    )
    book.done(ReleaseOrder(ORG, "native", order.id))
    captured(book, order)
    assert book.order(order).facets.payment == "paid"


def test_an_amount_that_a_payment_fixes_is_refused_with_what_to_do_instead() -> None:
    book = Book()
    book.stock()
    order = book.placed(payment_provider="stripe")
    book.reserved(order)
    refusal = book.refused(AmendOrder(ORG, "native", order.id, total=Amount(1, 2)))
    advice = "Wait until the order's payment is authorised."
    assert refusal.sentence == f"The order's payment fixes its lines and its total. {advice}"
    notes = AmendOrder(
        ORG, "native", order.id, said={"notes": "ring twice", "delivery_address": "a"}
    )
    assert book.done(notes)


def test_a_refund_by_line_is_of_what_the_line_costs() -> None:
    book = Book()
    book.stock()
    order = book.confirmed()
    captured(book, order)
    [line] = book.order(order).lines
    book.done(RefundOrder(ORG, "native", order.id, lines=(Part(line.id, much("0.5")),)))
    settled(book, order, "refund")
    assert book.order(order).facets.payment == "partially_refunded"
    assert paid(book, order).refundable == 500
    [told] = [one for one in book.events(order) if one.type == events.REFUND_REQUESTED]
    assert '"amount":"5.00"' in told.body
    assert "0.5" in told.body


def test_no_fence_of_an_earlier_job_fits_a_later_one_of_its_id() -> None:
    book = Book()
    book.stock()
    order = book.confirmed()
    book.done(CaptureOrder(ORG, "native", order.id, Amount(300, 2)))
    first = job_of(book, order, "capture")
    settled(book, order, "capture")
    prepared(book, order)
    assert book.jobs(order) == []
    book.done(CaptureOrder(ORG, "native", order.id, Amount(300, 2)))
    second = job_of(book, order, "capture")
    assert second.id == first.id
    assert second.fence > first.fence + 1_000
    late = SettleOperation(ORG, order.id, first.id, first.fence, 1, 3, True)
    assert book.refused(late).reason is Reason.STALE_LEASE


@pytest.mark.parametrize("capture", ["manual", "shipment"])
def test_goods_that_leave_have_their_money_taken_where_the_organization_says_so(
    capture: str,
) -> None:
    book = Book()
    book.stock()
    book.done(ChangeSettings(ORG, capture))
    order = book.confirmed()
    book.told(order, ("polinate_status", "PACKED"))
    book.done(ShipOrder(ORG, "native", order.id))
    assert [job.kind for job in book.jobs(order)] == (["capture"] if capture == "shipment" else [])


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["capture", "refund", "done", "declined", "cancel"]),
        st.integers(1, 1200),
    ),
    max_size=12,
)


@given(steps=STEPS)
def test_no_more_is_taken_than_was_held_nor_given_back_than_was_taken(
    steps: list[tuple[str, int]],
) -> None:
    book = Book()
    book.stock()
    order = book.confirmed()
    for what, units in steps:
        if what in ("capture", "refund"):
            wish = CaptureOrder if what == "capture" else RefundOrder
            before = _asked(book, order, what)
            taken = book.attempted(wish(ORG, "native", order.id, Amount(units, 2)))
            wished = 0 if isinstance(taken, Refusal) else units
            assert _asked(book, order, what) == before + wished
        elif what == "cancel":
            book.attempted(telling(book.order(order), ("polinate_phase", "CANCELLED")))
        else:
            _work(book, order, done=what == "done")
        _sums_hold(book, order)
    for _ in range(40):
        _work(book, order, done=True)
        _sums_hold(book, order)
    assert book.jobs(order) == []
    full = paid(book, order)
    if book.order(order).facets.stage in ENDED:
        declined = any((one.kind, one.state) == ("refund", "declined") for one in full.operations)
        assert full.capturable == 0
        assert full.refundable == 0 or declined


def _asked(book: Book, order: Order, kind: str) -> int:
    return sum([one.units for one in paid(book, order).operations if one.kind == kind])


def _work(book: Book, order: Order, *, done: bool) -> None:
    """One step of each job of the order."""
    for job in book.jobs(order):
        if job.kind == "void":
            book.done(SettlePayment(ORG, order.id, job.id, job.fence, "voided", ""))
        elif paid(book, order).first_open(job.kind) is not None:
            settled(book, order, job.kind, done=done)
        else:
            prepared(book, order)


def _sums_hold(book: Book, order: Order) -> None:
    full = paid(book, order)

    def units(kind: str, *states: str) -> int:
        its = [one for one in full.operations if one.kind == kind]
        return sum([one.units for one in its if one.state in states])

    assert units("capture", *LIVE) + units("void", *LIVE) <= full.authorisation.units
    assert units("refund", *LIVE) <= units("capture", "done")
    outcome = book.judge(RefundOrder(ORG, "native", order.id, Amount(full.refundable + 1, 2)))
    assert isinstance(outcome, Refusal)


def _sold(book: Book, *goods: tuple[str, str]) -> Order:
    """A sale that is over; its money is still held."""
    order = book.confirmed()
    book.told(order, *goods)
    return book.told(order, ("polinate_phase", "ARCHIVED"))


SOLD = pytest.mark.parametrize(
    "goods", [("polinate_status", "DELIVERED"), ("polinate_status", "NOT_APPLICABLE")]
)


@SOLD
def test_a_sale_that_is_deleted_while_its_money_is_being_taken_keeps_the_money(
    goods: tuple[str, str],
) -> None:
    book = Book()
    book.stock()
    order = _sold(book, goods)
    book.done(CaptureOrder(ORG, "native", order.id))
    book.told(order, DELETED)
    settled(book, order, "capture")
    prepared(book, order)
    assert book.asked(order) == [("authorise", "done"), ("capture", "done")]
    assert (book.order(order).facets.payment, book.jobs(order)) == ("paid", [])


@SOLD
@pytest.mark.parametrize("capture", ["shipment", "confirmation"])
@pytest.mark.parametrize("deleted", [(), (DELETED,)])
def test_a_sale_that_was_told_to_be_over_ahead_of_its_confirmation_is_paid(
    goods: tuple[str, str], capture: str, deleted: tuple[tuple[str, str], ...]
) -> None:
    book = Book()
    book.stock()
    book.done(ChangeSettings(ORG, capture))
    order = book.placed(payment_provider="stripe")
    for word in (goods, ("polinate_phase", "ARCHIVED"), *deleted):
        book.told(order, word)
    book.reserved(order)
    book.done(book.settling(order, "authorized")._replace(capture=capture))
    prepared(book, order)
    settled(book, order, "capture")
    prepared(book, order)
    assert book.asked(order) == [("authorise", "done"), ("capture", "done")]
    assert book.order(order).facets.payment == "paid"


@SOLD
def test_money_of_a_sale_that_is_deleted_can_be_taken(goods: tuple[str, str]) -> None:
    book = Book()
    book.stock()
    order = _sold(book, goods)
    book.told(order, DELETED)
    captured(book, order)
    assert book.order(order).facets.payment == "paid"


@pytest.mark.parametrize("goods", [(), (("polinate_status", "NOT_APPLICABLE"),)])
def test_an_order_that_was_called_off_and_deleted_keeps_no_money(
    goods: tuple[tuple[str, str], ...],
) -> None:
    book = Book()
    book.stock()
    order = book.confirmed()
    for word in (*goods, ("polinate_phase", "CANCELLED")):
        if word[1] == "CANCELLED":
            book.done(CaptureOrder(ORG, "native", order.id))
        book.told(order, word)
    book.told(order, DELETED)
    settled(book, order, "capture")
    assert book.asked(order)[-1] == ("refund", "prepared")
    refusal = book.refused(CaptureOrder(ORG, "native", order.id))
    assert refusal.detail == "the money of a deleted order is not taken"
