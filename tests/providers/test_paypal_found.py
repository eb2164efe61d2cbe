"""Payments by what PayPal has notified: in any order, and whatever else PayPal tells."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from entrepot.providers.payment import Found, PaymentRequest
from entrepot.providers.paypal_found import notified

MONEY = {"currency_code": "EUR", "value": "12.50"}
ORDER = "01a224c5-bb8b-72b2-9716-fcae3b24720a"


def event(type_: str, id_: str, amount: Any = MONEY, **related: str) -> dict[str, Any]:
    about = {"id": id_, "amount": amount, "custom_id": ORDER,
             "supplementary_data": {"related_ids": related}}  # fmt: skip
    return {"event_type": type_, "resource": about}


HELD = event("PAYMENT.AUTHORIZATION.CREATED", "AUTH", order_id="PP-1")
VOIDED = event("PAYMENT.AUTHORIZATION.VOIDED", "AUTH", order_id="PP-1")
PART = {"currency_code": "EUR", "value": "4.50"}
TAKEN = event("PAYMENT.CAPTURE.COMPLETED", "CAPT", PART, authorization_id="AUTH")
REST = event("PAYMENT.CAPTURE.COMPLETED", "CAPT-2", PART, authorization_id="AUTH")
GIVEN = event("PAYMENT.CAPTURE.REFUNDED", "REFU", {"currency_code": "EUR", "value": "1.00"})
GIVEN["resource"]["links"] = [{"rel": "up", "href": "https://p/v2/payments/captures/CAPT"}]

REVERSED = event("PAYMENT.CAPTURE.REVERSED", "REVE", {"currency_code": "EUR", "value": "3.50"})
REVERSED["resource"]["links"] = GIVEN["resource"]["links"]


@pytest.mark.parametrize(
    ("told", "state", "sums"),
    [
        ((HELD,), "authorised", (0, 0)),
        ((HELD, VOIDED), "voided", (0, 0)),
        ((HELD, TAKEN, GIVEN), "captured", (450, 100)),
        ((HELD, TAKEN, GIVEN, GIVEN), "captured", (450, 100)),
        ((HELD, TAKEN, GIVEN, REVERSED), "captured", (450, 450)),
        ((HELD, TAKEN, REST, TAKEN), "captured", (900, 0)),
    ],
)
def test_notifications_tell_a_payment_in_any_order(
    told: tuple[dict[str, Any], ...], state: str, sums: tuple[int, int]
) -> None:
    for listed in permutations(told):
        [found] = notified(enumerate(listed))
        assert (found.provider_reference, found.order) == ("AUTH", ORDER)
        assert (found.state, found.captured, found.refunded) == (state, *sums)


def test_a_capture_without_an_authorization_is_a_payment() -> None:
    alone = event("PAYMENT.CAPTURE.COMPLETED", "CAPT", order_id="PP-1")
    assert notified([(7, alone)]) == [
        Found(
            "CAPT", ORDER, None, 1250, 2, "EUR", "captured", 1250, 0, 7, None, ("PP-1", "CAPT"),
            label=ORDER,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {}, {"event_type": "CHECKOUT.ORDER.APPROVED", "resource": {"id": "PP-1"}},
        {"event_type": "PAYMENT.CAPTURE.COMPLETED"},
        {"event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": []},
        event("PAYMENT.AUTHORIZATION.CREATED", "A", {"total": "12.50", "currency": "EUR"}),
        event("PAYMENT.AUTHORIZATION.CREATED", "A", {"currency_code": "EUR", "value": "many"}),
        event("PAYMENT.CAPTURE.REFUNDED", "R"),
        event("PAYMENT.CAPTURE.PENDING", "C"),
    ],
)  # fmt: skip
def test_what_tells_of_no_payment_is_passed_over(other: dict[str, Any]) -> None:
    assert [one.provider_reference for one in notified([(1, other), (2, HELD)])] == ["AUTH"]


def test_a_further_payment_of_an_order_has_a_label_of_its_own() -> None:
    """A look for one payment of an order never finds another one of the order."""
    further = event("PAYMENT.AUTHORIZATION.CREATED", "AUTH-2", order_id="PP-2")
    further["resource"]["custom_id"] = f"{ORDER}/2"
    told = {one.provider_reference: one for one in notified(enumerate((HELD, further)))}
    first = PaymentRequest("key-1", ORDER, "vault/8kk", 1250, 2, "EUR")
    labels = {"AUTH": first.label, "AUTH-2": replace(first, payment=2).label}
    assert labels == {"AUTH": ORDER, "AUTH-2": f"{ORDER}/2"}
    assert {name: one.label for name, one in told.items()} == labels
    assert {one.order for one in told.values()} == {ORDER}
