"""PayPal's own client against a scripted service: each answer of PayPal is one of the contract."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.providers.accounts import Told, at_paypal
from tests.providers.conftest import KEY, ORDER, request_of
from tests.providers.vendor import RESET, Answer, Vendor

from entrepot.core.payment import CaptureFound
from entrepot.providers.payment import (
    Absent,
    Authorised,
    Captured,
    Declined,
    Differs,
    Misconfigured,
    NotSent,
    OperationRequest,
    PaymentRequest,
    Pending,
    Refunded,
    Running,
    Unknown,
    Voided,
)
from entrepot.providers.paypal import PayPalProvider

OPERATION = "key-of-operation"
ENDED = "the connection ended without a whole answer"
TOKEN = Answer(200, {"access_token": "A21", "token_type": "Bearer", "expires_in": 32_400})
MONEY = {"currency_code": "EUR", "value": "12.50"}
RELATED = {"related_ids": {"order_id": "ORDER-1"}}
ORDERS, PAYMENTS = "/v2/checkout/orders", "/v2/payments"


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor(TOKEN) as found:
        yield found


@pytest.fixture
async def provider(vendor: Vendor) -> AsyncIterator[PayPalProvider]:
    made = PayPalProvider(at_paypal(vendor.url), 4, Told())
    yield made
    await made.close()


def one(kind: str, status: str, **more: Any) -> dict[str, Any]:
    """An authorization, capture or refund."""
    id_ = {"authorizations": "AUTH-1", "captures": "CAPT-1", "refunds": "REFU-1"}[kind]
    return {
        "id": id_, "status": status, "amount": MONEY, "supplementary_data": RELATED, **more
    }  # fmt: skip


def order(status: str, *payments: tuple[str, dict[str, Any]], **more: Any) -> Answer:
    listed: dict[str, list[Any]] = {}
    for kind, told in payments:
        listed.setdefault(kind, []).append(told)
    unit = {"amount": MONEY, "payments": listed, **more.pop("unit", {})}
    told = {"id": "ORDER-1", "status": status, "intent": "AUTHORIZE", "purchase_units": [unit]}
    return Answer(200, {**told, **more})


def said(kind: str, status: str, **more: Any) -> Answer:
    return Answer(200, one(kind, status, **more))


def error(status: int, issue: str = "", **headers: str) -> Answer:
    told = {"name": "NAME", "message": "said by PayPal", "details": [{"issue": issue}]}
    return Answer(status, told, headers)


HELD = ("authorizations", one("authorizations", "CREATED"))
TAKEN = ("captures", one("captures", "COMPLETED"))
PENDING = ("captures", one("captures", "PENDING"))
WHOLE = Captured("CAPT-1", (CaptureFound("CAPT-1", 1250),))
FOUND = CaptureFound("CAPT-1", 400)
FINAL = one("captures", "COMPLETED", amount={"currency_code": "EUR", "value": "4.00"},
            final_capture=True)  # fmt: skip
PART = ("captures", {**FINAL, "final_capture": False})
REST = ("captures", {**FINAL, "id": "CAPT-2", "amount": {"currency_code": "EUR", "value": "8.50"}})
HELD_IN_PART = ("authorizations", one("authorizations", "PARTIALLY_CAPTURED"))
GONE = error(404, "INVALID_RESOURCE_ID")

AUTHORISE: list[tuple[str, list[Answer], Any]] = [
    # --- the client's order, as it stands
    ("ORDER-1", [order("CREATED")], Pending("the customer must act: CREATED", "ORDER-1")),
    ("ORDER-1", [order("PAYER_ACTION_REQUIRED")],
     Pending("the customer must act: PAYER_ACTION_REQUIRED", "ORDER-1")),
    ("ORDER-1", [order("APPROVED"), order("COMPLETED", HELD)], Authorised("AUTH-1")),
    ("ORDER-1", [order("APPROVED", intent="CAPTURE"), order("COMPLETED", TAKEN)],
     WHOLE),
    ("ORDER-1", [order("COMPLETED", HELD)], Authorised("AUTH-1")),
    ("ORDER-1", [order("COMPLETED", TAKEN)], WHOLE),
    ("ORDER-1", [order("COMPLETED", ("authorizations", one("authorizations", "PENDING")))],
     Running("the authorization is pending", "AUTH-1")),
    ("ORDER-1", [order("COMPLETED", ("authorizations", one("authorizations", "DENIED")))],
     Declined("the authorization is denied", "DENIED")),
    ("ORDER-1", [order("VOIDED")], Declined("the order is voided at PayPal", "VOIDED")),
    ("ORDER-1", [order("APPROVED", unit={"amount": {"currency_code": "EUR", "value": "1.00"}})],
     Differs(100, 2, "EUR", "ORDER-1")),
    ("ORDER-1", [order("COMPLETED", ("authorizations", one("authorizations", "CREATED", amount={
        "currency_code": "USD", "value": "12.50"})))], Differs(1250, 2, "USD", "AUTH-1")),
    ("ORDER-1", [order("APPROVED"), error(422, "ORDER_ALREADY_AUTHORIZED"),
                 order("COMPLETED", HELD)], Authorised("AUTH-1")),
    ("ORDER-1", [order("APPROVED"), error(422, "INSTRUMENT_DECLINED")],
     Declined("said by PayPal", "INSTRUMENT_DECLINED", "ORDER-1")),
    ("ORDER-1", [order("APPROVED", purchase_units=[])],
     Declined("the order has not one purchase unit at PayPal", "purchase_units")),
    # --- the client's authorization
    ("AUTH-1", [GONE, said("authorizations", "CREATED"), order("COMPLETED", HELD)],
     Authorised("AUTH-1")),
    ("AUTH-1", [GONE, said("authorizations", "CAPTURED"), order("COMPLETED", HELD, TAKEN)],
     WHOLE),
    # Somebody had it captured in parts at PayPal's own pages.
    ("AUTH-1", [GONE, said("authorizations", "CAPTURED"), order("COMPLETED", HELD, PART, REST)],
     Captured("CAPT-2", (FOUND, CaptureFound("CAPT-2", 850)))),
    ("ORDER-1", [order("COMPLETED", HELD_IN_PART, PART)], Authorised("AUTH-1", (FOUND,))),
    ("ORDER-1", [order("COMPLETED", HELD_IN_PART, ("captures", FINAL))],
     Captured("CAPT-1", (FOUND,))),
    ("ORDER-1", [order("COMPLETED", ("authorizations", one("authorizations", "VOIDED")), PART)],
     Captured("CAPT-1", (FOUND,))),
    ("AUTH-1", [GONE, said("authorizations", "CAPTURED"), order("COMPLETED", HELD, PART, PENDING)],
     Running("a capture of the authorization is pending", "AUTH-1")),
    ("AUTH-1", [GONE, said("authorizations", "CAPTURED"), order("COMPLETED", HELD, (
        "captures", one("captures", "FAILED")))],
     Declined("every capture of the authorization failed", "CAPTURED")),
    ("AUTH-1", [GONE, GONE],
     Declined("PayPal does not know the payment reference", "RESOURCE_NOT_FOUND")),
    # --- a payment token: an order is made, then authorised
    ("vault/8kk845", [order("CREATED"), order("CREATED"), order("COMPLETED", HELD)],
     Authorised("AUTH-1")),
    ("no such", [], Declined("the payment reference is none of PayPal's", "unknown_reference")),
    # --- classes of errors
    ("ORDER-1", [order("APPROVED"), error(429, **{"Retry-After": "3"})],
     NotSent("429: too many requests", 3.0)),
    ("ORDER-1", [error(401)], NotSent("401: PayPal does not take the access token any more")),
    ("ORDER-1", [error(403, "NOT_AUTHORIZED")],
     Misconfigured("403: NOT_AUTHORIZED: said by PayPal")),
    ("ORDER-1", [order("APPROVED"), error(409)], Unknown("409: said by PayPal")),
    ("ORDER-1", [order("APPROVED"), error(500)], Unknown("500: said by PayPal")),
    ("ORDER-1", [order("APPROVED"), error(400, "INVALID")],
     Misconfigured("400: INVALID: said by PayPal")),
    ("ORDER-1", [order("APPROVED"), Answer(503, b"<html>")], Unknown),
    ("ORDER-1", [order("APPROVED"), Answer(200, b"{no json")], Unknown),
    ("ORDER-1", [order("APPROVED"), Answer(200, RESET)], Unknown),
]  # fmt: skip


@pytest.mark.parametrize(("reference", "script", "expected"), AUTHORISE)
async def test_authorising(
    vendor: Vendor, provider: PayPalProvider, reference: str, script: list[Answer], expected: Any
) -> None:
    vendor.script = [TOKEN, *script]
    answer = await provider.authorise(request_of(reference))
    assert isinstance(answer, expected) if isinstance(expected, type) else answer == expected


async def test_a_payment_with_a_token_is_made_before_it_is_authorised(
    vendor: Vendor, provider: PayPalProvider
) -> None:
    vendor.script = [TOKEN, order("CREATED"), order("CREATED"), order("COMPLETED", HELD)]
    await provider.authorise(request_of("vault/8kk845"))
    token, made, _, authorised = vendor.asked
    assert token.call == "POST /v1/oauth2/token"
    assert (made.call, authorised.call) == (f"POST {ORDERS}", f"POST {ORDERS}/ORDER-1/authorize")
    keys = [asked.headers.get("paypal-request-id") for asked in (made, authorised)]
    assert keys == [KEY, f"{KEY}-authorise"]
    assert made.body == {
        "intent": "AUTHORIZE", "purchase_units": [{"amount": MONEY, "custom_id": ORDER}],
    }  # fmt: skip
    source = {"token": {"id": "8kk845", "type": "PAYMENT_METHOD_TOKEN"}}
    assert authorised.body == {"payment_source": source}
    assert made.headers["authorization"] == "Bearer A21"


@pytest.mark.parametrize(
    ("currency", "units", "scale", "value"),
    [("HUF", 125, 0, "125"), ("JPY", 12500, 2, "125"), ("USD", 125, 1, "12.50")],
)
async def test_amounts_are_written_by_paypals_own_table(
    vendor: Vendor, provider: PayPalProvider, currency: str, units: int, scale: int, value: str
) -> None:
    vendor.script = [TOKEN, order("VOIDED")]
    await provider.authorise(PaymentRequest(KEY, ORDER, "vault/8kk845", units, scale, currency))
    amount = vendor.asked[1].body["purchase_units"][0]["amount"]
    assert amount == {"currency_code": currency, "value": value}
    fine = PaymentRequest(KEY, ORDER, "vault/8kk845", 1, 1, "HUF")
    assert isinstance(await provider.authorise(fine), Misconfigured)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(401), Misconfigured("401: PayPal does not take the client id and secret")),
        (error(503), NotSent("no access token: status 503")),
        (
            Answer(200, RESET),
            NotSent("no access token: the connection ended without a whole answer"),
        ),
    ],
)
async def test_without_an_access_token_nothing_was_sent(
    vendor: Vendor, provider: PayPalProvider, answer: Answer, expected: Any
) -> None:
    vendor.script = [answer]
    assert await provider.authorise(request_of("ORDER-1")) == expected
    assert set(vendor.calls) == {"POST /v1/oauth2/token"}
    assert await provider.check() == expected.detail


async def test_a_service_that_is_not_there_was_not_asked() -> None:
    gone = PayPalProvider(at_paypal("http://127.0.0.1:9"), 1, Told())
    assert isinstance(await gone.authorise(request_of("ORDER-1")), NotSent)
    await gone.close()


def operation(kind: Any, of: str | None, *, final: bool = True) -> OperationRequest:
    return OperationRequest(OPERATION, request_of("ORDER-1"), of, 500, final, kind=kind)


MINE = {"invoice_id": OPERATION}
OTHER = {"currency_code": "EUR", "value": "13.50"}
PROCESSED = error(422, "SOME_ISSUE")
OPERATIONS: list[tuple[OperationRequest, list[Answer], Any]] = [
    (operation("capture", "AUTH-1"), [said("captures", "COMPLETED")], Captured("CAPT-1")),
    (operation("capture", "AUTH-1"), [said("captures", "PENDING")],
     Running("the capture is pending", "CAPT-1")),
    (operation("capture", "AUTH-1"), [said("captures", "DECLINED")],
     Declined("the capture is declined", "DECLINED")),
    (operation("capture", "AUTH-1"), [PROCESSED, said("authorizations", "CAPTURED"),
     order("COMPLETED", ("captures", one("captures", "COMPLETED", **MINE)))], Captured("CAPT-1")),
    (operation("capture", "AUTH-1"), [PROCESSED, said("authorizations", "VOIDED"), order("X")],
     Declined("said by PayPal", "SOME_ISSUE")),
    (operation("void", "AUTH-1"), [Answer(204, b"")], Voided("AUTH-1")),
    (operation("void", "AUTH-1"), [error(422, "PREVIOUSLY_VOIDED"), GONE], Voided("AUTH-1")),
    (operation("void", "AUTH-1"), [error(422, "PREVIOUSLY_VOIDED"),
     said("authorizations", "VOIDED"), order("COMPLETED", PART)], Voided("AUTH-1", (FOUND,))),
    (operation("void", "AUTH-1"), [said("authorizations", "VOIDED"), order("COMPLETED", PART)],
     Voided("AUTH-1", (FOUND,))),
    (operation("void", "AUTH-1"), [PROCESSED, said("authorizations", "CAPTURED")],
     Declined("the money was taken already", "CAPTURED")),
    (operation("void", None), [order("COMPLETED", HELD), Answer(204, b"")], Voided("AUTH-1")),
    # PayPal cancels no order that it may yet be asked to authorise by a call of before.
    (operation("void", None), [order("APPROVED")], Voided(None, unless_on_its_way=True)),
    (operation("void", None), [order("VOIDED")], Voided(None)),
    (operation("void", None), [order("COMPLETED", ("authorizations", one(
        "authorizations", "VOIDED")), PART)], Voided("AUTH-1", (FOUND,))),
    # A payment of another amount than the order's holds money as well.
    (operation("void", None), [order("COMPLETED", ("authorizations", one(
        "authorizations", "CREATED", amount=OTHER))), Answer(204, b"")], Voided("AUTH-1")),
    (operation("void", None), [order("COMPLETED", ("captures", one(
        "captures", "COMPLETED", amount=OTHER))), GONE],
     Declined("the money was taken already, of another amount", "CAPTURED")),
    # While the customer had to act, the order is what was written down.
    (operation("void", "ORDER-1"), [GONE, order("CREATED")], Voided(None)),
    (operation("void", "ORDER-1"), [GONE, order("COMPLETED", HELD), Answer(204, b"")],
     Voided("AUTH-1")),
    (operation("void", "ORDER-1"), [GONE, order("COMPLETED", ("captures", one(
        "captures", "COMPLETED")))], Declined("the money was taken already", "CAPTURED")),
    (operation("void", "ORDER-1"), [GONE, order("COMPLETED"), GONE],
     Running("PayPal shows no authorization of its order yet", "ORDER-1")),
    # A capture that is pending may take the money yet.
    (operation("void", "CAPT-1"), [GONE, GONE, GONE, said("captures", "PENDING"),
     order("COMPLETED", PENDING), GONE],
     Running("PayPal shows no authorization of its order yet", "CAPT-1")),
    (operation("refund", "CAPT-1"), [said("refunds", "COMPLETED")], Refunded("REFU-1")),
    (operation("refund", "CAPT-1"), [said("refunds", "PENDING")],
     Running("the refund is pending", "REFU-1")),
    (operation("refund", "CAPT-1"), [PROCESSED, said("captures", "REFUNDED"),
     order("COMPLETED", ("refunds", one("refunds", "COMPLETED", **MINE)))], Refunded("REFU-1")),
    (operation("refund", "CAPT-1"), [PROCESSED, GONE], Declined("said by PayPal", "SOME_ISSUE")),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "script", "expected"), OPERATIONS)
async def test_operations(
    vendor: Vendor, provider: PayPalProvider, request_: OperationRequest, script: list[Answer],
    expected: Any,
) -> None:  # fmt: skip
    vendor.script = [TOKEN, *script]
    do: Any = getattr(provider, request_.kind)
    assert await do(request_) == expected


async def test_a_capture_lets_go_of_the_rest_only_if_it_is_the_last(
    vendor: Vendor, provider: PayPalProvider
) -> None:
    vendor.script = [TOKEN, said("captures", "COMPLETED")]
    await provider.capture(operation("capture", "AUTH-1", final=False))
    asked = vendor.asked[1]
    assert asked.call == f"POST {PAYMENTS}/authorizations/AUTH-1/capture"
    assert asked.headers["paypal-request-id"] == OPERATION
    assert asked.body["amount"] == {"currency_code": "EUR", "value": "5.00"}
    assert (asked.body["invoice_id"], asked.body["final_capture"]) == (OPERATION, False)


LOOKED_UP: list[tuple[Any, str | None, list[Answer], Any]] = [
    (request_of("ORDER-1"), None, [order("COMPLETED", HELD)], Authorised("AUTH-1")),
    (request_of("ORDER-1"), None, [order("APPROVED")], Absent()),
    (request_of("ORDER-1"), None, [order("CREATED")],
     Pending("the customer must act: CREATED", "ORDER-1")),
    (request_of("ORDER-1"), None, [order("COMPLETED", (
        "authorizations", one("authorizations", "VOIDED")))], Voided("AUTH-1")),
    (request_of("ORDER-1"), "AUTH-1", [GONE, said("authorizations", "VOIDED")], Voided("AUTH-1")),
    (request_of("ORDER-1"), "AUTH-1", [GONE, said("authorizations", "VOIDED"),
     order("COMPLETED", PART)], Voided("AUTH-1", (FOUND,))),
    (request_of("ORDER-1"), None, [order("COMPLETED", (
        "authorizations", one("authorizations", "VOIDED")), PART)], Voided("AUTH-1", (FOUND,))),
    (request_of("ORDER-1"), None, [GONE, GONE], Absent()),
    # The money of an order with the intent CAPTURE is known by its capture.
    (request_of("ORDER-1"), "CAPT-1", [GONE, GONE, said("captures", "PENDING"),
     order("COMPLETED", PENDING)], Running("the capture is pending", "CAPT-1")),
    (request_of("ORDER-1"), "CAPT-1", [GONE, GONE, said("captures", "COMPLETED"),
     order("COMPLETED", TAKEN)], WHOLE),
    (request_of("ORDER-1"), "CAPT-1", [GONE, GONE, said("captures", "COMPLETED"), GONE],
     replace(WHOLE, disputes_told=False)),
    (request_of("ORDER-1"), "CAPT-1", [GONE, GONE, said("captures", "DECLINED"), GONE],
     Declined("the capture is declined", "DECLINED")),
    (request_of("ORDER-1"), "CAPT-1", [GONE, GONE, GONE], Absent()),
    (operation("capture", "AUTH-1"), "CAPT-1", [said("captures", "COMPLETED")], Captured("CAPT-1")),
    (operation("capture", "AUTH-1"), None, [said("authorizations", "CREATED"), order("COMPLETED")],
     Absent()),
    (operation("void", "AUTH-1"), None, [said("authorizations", "VOIDED")], Voided("AUTH-1")),
    (operation("void", "AUTH-1"), None, [said("authorizations", "CREATED")], Absent()),
    (operation("refund", "CAPT-1"), "REFU-1", [said("refunds", "COMPLETED")], Refunded("REFU-1")),
    (operation("refund", "CAPT-1"), None, [said("captures", "COMPLETED"), order("COMPLETED")],
     Absent()),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "known", "script", "expected"), LOOKED_UP)
async def test_looking_up(
    vendor: Vendor, provider: PayPalProvider, request_: Any, known: str | None,
    script: list[Answer], expected: Any,
) -> None:  # fmt: skip
    vendor.script = [TOKEN, *script]
    assert await provider.look_up(request_, known) == expected
    assert {asked.method for asked in vendor.asked[1:]} == {"GET"}


async def test_the_account_is_checked(vendor: Vendor, provider: PayPalProvider) -> None:
    assert await provider.check() is None
    assert json.dumps(vendor.asked[0].body) == '{"grant_type": "client_credentials"}'
    assert vendor.asked[0].headers["authorization"].startswith("Basic ")
