"""The list of a service beside the book: each difference, and the command that mends it."""

from __future__ import annotations

from typing import Any

import pytest

from entrepot.core import ids
from entrepot.core.money import Amount
from entrepot.core.payment import CaptureFound, FullPayment, Operation, Payment
from entrepot.core.refunds import RefundFound
from entrepot.providers.compared import (
    KINDS,
    Booked,
    Finding,
    Span,
    compared,
    judged,
    looked_up,
    moving,
)
from entrepot.providers.payment import (
    Absent,
    Authorised,
    Captured,
    Declined,
    Differs,
    Disputed,
    Found,
    LookUpAnswer,
    Pending,
    Refunded,
    Running,
    ServiceTerms,
    Unknown,
    Voided,
)

DAY = 86_400_000_000
NOW = 1_700_000_000_000_000
TERMS = ServiceTerms(resend_seconds=3600, hold_seconds=7 * 86_400, several_captures=True)
SPAN = Span(NOW - 7 * DAY, NOW)
ORDER = b"o" * 16
NAMED = ids.dashed(ORDER)


def asked(number: int, kind: str, units: int, state: str, reference: str | None) -> Operation:
    key = f"key-{number}"
    return Operation(1, ORDER, 1, number, kind, units, key, state, reference, NOW, NOW)


def booked(
    *operations: tuple[str, int, str], reference: str | None = "pi_1", stage: str = "confirmed"
) -> Booked:
    """A payment of 12.50 EUR with these operations."""
    payment = Payment(
        1, ORDER, 1, "stripe", "stripe", "tok", "EUR", Amount(1250, 2), NOW,
    )  # fmt: skip
    rows = [
        asked(number, kind, units, state, reference if number == 1 else None)
        for number, (kind, units, state) in enumerate(operations, 1)
    ]
    return Booked(42, stage, FullPayment(payment, tuple(rows)))


def found(**more: Any) -> Found:
    said: dict[str, Any] = {
        "provider_reference": "pi_1", "order": NAMED, "key": None, "units": 1250, "scale": 2,
        "currency": "EUR", "state": "authorised", "captured": 0, "refunded": 0,
        "created_at": NOW - DAY, "lapses_at": NOW + 6 * DAY,
    }  # fmt: skip
    return Found(**said | more)


HELD = booked(("authorise", 1250, "done"))
TAKEN = booked(("authorise", 1250, "done"), ("capture", 1250, "done"))
UNKNOWN = booked(("authorise", 1250, "prepared"), reference=None, stage="placed")
DECLINED = booked(("authorise", 1250, "declined"), reference=None, stage="failed")
VOIDED = booked(("authorise", 1250, "given_up"), ("void", 1250, "done"), stage="cancelled")
VOIDING = booked(("authorise", 1250, "done"), ("void", 1250, "prepared"), stage="cancelled")
TAKEN_OF_COMPLETED = TAKEN._replace(stage="completed")
PART = booked(("authorise", 1250, "done"), ("capture", 500, "done"))
REFUNDED = booked(
    ("authorise", 1250, "done"), ("capture", 1250, "done"), ("refund", 250, "done")
)  # fmt: skip
ALL_TAKEN = {"state": "captured", "captured": 1250, "lapses_at": None}

AGREE: list[tuple[list[Found], list[Booked]]] = [
    ([], []),
    ([found()], [HELD]),
    ([found(units=125, scale=1)], [HELD]),
    ([found(provider_reference="pi_2", key="key-1")], [HELD]),
    ([found(**ALL_TAKEN)], [TAKEN]),
    ([found(provider_reference="auth-1", also=("ORDER-1", "pi_1"), order=None)], [HELD]),
    ([found(captured=500)], [PART]),
    ([found(**ALL_TAKEN, refunded=250)], [REFUNDED]),
    ([found(state="voided", lapses_at=None)], [VOIDED]),
    ([found(state="pending", lapses_at=None)], [UNKNOWN]),
    ([], [UNKNOWN]),
    ([], [VOIDED]),
    # What the service never held is nobody's.
    ([found(provider_reference="x", order=None, state="declined", lapses_at=None)], []),
    ([found(provider_reference="x", order=None, **ALL_TAKEN, refunded=1250)], []),
]


@pytest.mark.parametrize(("listed", "known"), AGREE)
def test_what_agrees_is_not_told(listed: list[Found], known: list[Booked]) -> None:
    assert compared("stripe", listed, known, TERMS, SPAN) == []


EXPLAIN, RETRY, CANCEL, CAPTURE = (
    (word, NAMED) for word in ("explain", "retry", "cancel", "capture")
)
DIFFER: list[tuple[Found | None, Booked | None, str, tuple[str, ...], bool, str]] = [
    (found(), UNKNOWN, "paid_without_order", RETRY, True, "no answer is written"),
    (found(), VOIDED, "paid_without_order", (), False, "which is cancelled"),
    # The shop's own object, which was declined, and which the customer paid later.
    (
        found(provider_reference="tok", order=None),
        DECLINED,
        "paid_without_order",
        (),
        False,
        "holds 12.50 EUR for order #42, which is failed",
    ),
    (found(), None, "paid_without_order", (), False, "holds 12.50 EUR that no payment"),
    (found(**ALL_TAKEN), None, "paid_without_order", (), False, "took 12.50 EUR"),
    (found(provider_reference="pi_2"), HELD, "paid_without_order", (), False, "order #42"),
    (None, HELD, "order_without_payment", CANCEL, False, "does not list its payment"),
    (None, VOIDING, "order_without_payment", RETRY, True, "does not list"),
    (found(state="voided"), HELD, "order_without_payment", CANCEL, False, "is voided at stripe"),
    (None, TAKEN_OF_COMPLETED, "order_without_payment", EXPLAIN, False, "does not list"),
    (found(state="declined"), HELD, "order_without_payment", CANCEL, False, "is declined"),
    (found(units=1200), HELD, "amount_differs", EXPLAIN, False, "12.00 EUR, the book 12.50 EUR"),
    (found(units=1200), VOIDED, "amount_differs", EXPLAIN, False, "12.00 EUR, the book 12.50 EUR"),
    (found(currency="USD"), UNKNOWN, "amount_differs", CANCEL, False, "12.50 USD, the book 12.5"),
    (found(**ALL_TAKEN), HELD, "amount_differs", EXPLAIN, False, "took 12.50 EUR, the book 0.00"),
    (found(**ALL_TAKEN), PART, "amount_differs", EXPLAIN, False, "the book 5.00 EUR"),
    (found(**ALL_TAKEN, refunded=1250), TAKEN, "amount_differs", EXPLAIN, False, "gave back 12.50"),
    (found(lapses_at=NOW + DAY), HELD, "lapses_soon", CAPTURE, False, "12.50 EUR of order #42 wit"),
    (found(captured=500, lapses_at=NOW), PART, "lapses_soon", CAPTURE, False, "lets go of 7.50"),
]


@pytest.mark.parametrize(("one", "known", "kind", "command", "safe", "says"), DIFFER)
def test_each_difference_has_its_command(
    one: Found | None, known: Booked | None, kind: str, command: tuple[str, ...], safe: bool,
    says: str,
) -> None:  # fmt: skip
    listed, rows = [] if one is None else [one], [] if known is None else [known]
    told = compared("stripe", listed, rows, TERMS, SPAN)
    finding = next(each for each in told if each.kind == kind)
    assert (finding.command, finding.safe) == (command, safe)
    assert says in finding.sentence
    assert finding.advice or finding.safe, "a person is told what to do"
    assert len(told) == 1 + (one is not None and one.provider_reference == "pi_2")


def test_every_kind_of_difference_is_tried() -> None:
    assert {row[2] for row in DIFFER} == set(KINDS)


def test_a_refund_and_a_capture_that_wait_are_taken_up() -> None:
    capturing = booked(("authorise", 1250, "done"), ("capture", 1250, "running"))
    [told] = compared("stripe", [found(**ALL_TAKEN)], [capturing], TERMS, SPAN)
    assert told == Finding(
        "amount_differs", "order #42: stripe took 12.50 EUR, the book 0.00 EUR", NAMED, 42, "pi_1",
        RETRY, safe=True,
    )  # fmt: skip


def test_money_that_did_not_move_after_all_is_told() -> None:
    """Adyen tells days later that the customer's bank did not do a capture, or a refund."""
    failed = Declined("rejected by the card scheme")
    for answers, says in (
        ([Captured("pi_1"), Refunded("re_1")], None),
        ([Captured("pi_1"), failed], "gave back 0.00 EUR, the book 2.50 EUR"),
        ([failed, Refunded("re_1")], "took 0.00 EUR, the book 12.50 EUR"),
    ):
        told = looked_up(REFUNDED, Captured("pi_1"), answers)
        assert told is not None
        findings = compared("adyen", [told], [REFUNDED], TERMS, SPAN)
        assert [(one.kind, one.safe) for one in findings] == [("amount_differs", False)] * bool(
            says
        )
        assert not says or says in findings[0].sentence


@pytest.mark.parametrize(
    ("answer", "safe"),
    [
        (Refunded("re_1"), True), (Declined("no"), True), (Running("later"), True),
        (Absent(), False), (Unknown("no answer"), False),
    ],
)  # fmt: skip
def test_money_that_somebody_gave_back_at_the_service_is_not_given_back_again(
    answer: LookUpAnswer, safe: bool
) -> None:
    one = booked(
        ("authorise", 1250, "done"), ("capture", 1250, "done"), ("refund", 250, "prepared")
    )  # fmt: skip
    [told] = compared("stripe", [found(**ALL_TAKEN, refunded=250)], [one], TERMS, SPAN)
    assert [operation.kind for operation in moving(one)] == ["refund"]
    after = judged(told, "stripe", [answer])
    assert (after.safe, after.command) == (safe, RETRY if safe else EXPLAIN)
    assert after.advice or safe


def test_what_is_older_than_the_span_is_not_missed() -> None:
    young = Span(NOW + 1, NOW + DAY)
    assert compared("stripe", [], [HELD], TERMS, young) == []
    assert compared("stripe", [found(order=None, provider_reference="x")], [], TERMS, young) == []
    [told] = compared("stripe", [found(state="voided")], [HELD], TERMS, young)
    assert told.kind == "order_without_payment"


def test_a_hold_that_does_not_lapse_is_not_told() -> None:
    endless = ServiceTerms(3600, None, several_captures=True)
    assert compared("stripe", [found(lapses_at=NOW)], [HELD], endless, SPAN) == []


ASKED = [
    (Authorised("pi_1"), HELD, []), (Captured("pi_1"), TAKEN, []), (Captured("pi_1"), PART, []),
    (Voided("pi_1"), VOIDED, []), (Declined("no"), HELD, ["order_without_payment"]),
    (Voided(None), HELD, ["order_without_payment"]), (Absent(), HELD, ["order_without_payment"]),
    (Captured("pi_1"), HELD, ["amount_differs"]), (Authorised("pi_1"), UNKNOWN,
     ["paid_without_order"]),
    (Differs(1200, 2, "EUR", "pi_1"), HELD, ["amount_differs"]), (Absent(), UNKNOWN, []),
    (Pending("the customer acts"), UNKNOWN, []), (Disputed("why", "pi_1"), TAKEN, []),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "one", "kinds"), ASKED)
def test_a_payment_that_is_looked_up_alone(
    answer: LookUpAnswer, one: Booked, kinds: list[str]
) -> None:
    told = looked_up(one, answer)
    findings = compared("paypal", [told] if told else [], [one], TERMS, SPAN)
    assert [finding.kind for finding in findings] == kinds


def test_a_part_that_somebody_took_is_told_as_a_part() -> None:
    part = Captured("pi_1", (CaptureFound("cap_1", 500), CaptureFound("cap_2", 250)))
    told = looked_up(HELD, part)
    assert told is not None
    [finding] = compared("adyen", [told], [HELD], TERMS, SPAN)
    assert "took 7.50 EUR" in finding.sentence


BY_HAND: list[tuple[LookUpAnswer, Booked, str]] = [
    # Somebody took a part of what is held, or the rest of it.
    (Authorised("pi_1", (CaptureFound("cap_1", 500),)), HELD, "took 5.00 EUR, the book 0.00"),
    (Captured("cap_2", (CaptureFound("cap_1", 500), CaptureFound("cap_2", 750))), PART,
     "took 12.50 EUR, the book 5.00"),
    # Somebody gave a part back, before or after the rest was let go.
    (Captured("pi_1", refunds=(RefundFound("re_1", 100),)), TAKEN, "gave back 1.00 EUR, the book"),
    (Voided("pi_1", (CaptureFound("cap_1", 500),), refunds=(RefundFound("re_1", 100),)),
     booked(("authorise", 1250, "done"), ("capture", 500, "done"), ("void", 750, "done")),
     "gave back 1.00 EUR, the book"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "one", "sentence"), BY_HAND)
def test_what_somebody_did_at_a_service_without_a_list_is_told(
    answer: LookUpAnswer, one: Booked, sentence: str
) -> None:
    told = looked_up(one, answer)
    assert told is not None
    [finding] = compared("paypal", [told], [one], TERMS, SPAN)
    assert sentence in finding.sentence
    assert (finding.kind, finding.safe, finding.looks) == ("amount_differs", False, True)


def test_what_adyen_notified_long_ago_is_the_books_word() -> None:
    told = looked_up(REFUNDED, Captured("pi_1", (CaptureFound("pi_1", 1250),)))
    assert told is not None
    assert compared("adyen", [told], [REFUNDED], TERMS, SPAN) == []


@pytest.mark.parametrize(
    ("listed", "one", "looks"),
    [
        (found(state="voided"), HELD, True),  # the hold of a running order has ended there
        (found(), VOIDED, True),  # money that an ended order needs no more
        (found(), UNKNOWN, False),  # its own step asks
        (found(units=1200), HELD, False),  # nobody but a person settles another amount
    ],
)
def test_what_a_look_takes_over_is_looked_at(listed: Found, one: Booked, looks: bool) -> None:
    [finding] = compared("stripe", [listed], [one], TERMS, SPAN)
    assert finding.looks == looks


def test_an_amount_of_which_neither_has_money_any_more_is_no_difference() -> None:
    assert compared("stripe", [found(units=1200, state="voided")], [VOIDED], TERMS, SPAN) == []
