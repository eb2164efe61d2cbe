"""Stripe's own client against a scripted service: each answer of Stripe is one of the contract."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.providers.accounts import at_stripe
from tests.providers.conftest import KEY, ORDER, request_of
from tests.providers.vendor import RESET, Answer, Vendor

from entrepot.core.payment import CaptureFound
from entrepot.providers import payment
from entrepot.providers.payment import (
    Absent,
    Authorised,
    Captured,
    Declined,
    Differs,
    Disputed,
    Misconfigured,
    NotSent,
    OperationRequest,
    Pending,
    Refunded,
    Running,
    Unknown,
    Voided,
)
from entrepot.providers.stripe import StripeProvider

PI, PART = "/v1/payment_intents", (CaptureFound("pi_1", 1000),)


def intent(status: str, **more: Any) -> dict[str, Any]:
    taken = 1250 if status == "succeeded" else 0
    return {
        "id": "pi_1", "object": "payment_intent", "status": status, "amount": 1250,
        "amount_received": taken, "currency": "eur", "created": 1_700_000_000, "metadata": {},
        "last_payment_error": None, "cancellation_reason": None, "latest_charge": None, **more,
    }  # fmt: skip


def said(status: str, **more: Any) -> Answer:
    return Answer(200, intent(status, **more))


def error(status: int, type_: str, code: str = "", **more: Any) -> Answer:
    told = {"type": type_, "code": code, "message": "said by Stripe", **more}
    return Answer(status, {"error": told}, {"Retry-After": "7"} if status == 429 else {})


def refund(status: str, **more: Any) -> Answer:
    return Answer(200, {"id": "re_1", "object": "refund", "status": status, "metadata": {}, **more})


def listed(*found: dict[str, Any], more: bool = False) -> Answer:
    return Answer(200, {"object": "list", "data": list(found), "has_more": more, "url": "/v1/x"})


MISSING = error(404, "invalid_request_error", "resource_missing")
UNEXPECTED = error(400, "invalid_request_error", "payment_intent_unexpected_state")
BROKEN = error(500, "api_error")


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor(said("requires_capture")) as found:
        yield found


@pytest.fixture
async def provider(vendor: Vendor) -> AsyncIterator[StripeProvider]:
    made = StripeProvider(at_stripe(vendor.url))
    yield made
    await made.close()


def operation(kind: Any, units: int = 1250, of: str | None = "pi_1") -> OperationRequest:
    return OperationRequest("key-of-operation", request_of("pi_1"), of, units, kind=kind)


AUTHORISE = [
    # --- the client's own intent, as it stands
    ("pi_1", [said("requires_capture")], Authorised("pi_1")),
    ("pi_1", [said("succeeded")], Captured("pi_1")),
    ("pi_1", [said("processing")], Running("Stripe is processing the payment", "pi_1")),
    ("pi_1", [said("requires_action")], Pending("the customer must act: requires_action", "pi_1")),
    ("pi_1", [said("canceled")], Declined("the PaymentIntent is canceled", None)),
    ("pi_1", [said("requires_confirmation"), said("requires_capture")], Authorised("pi_1")),
    ("pi_1", [said("requires_payment_method", last_payment_error={
        "code": "card_declined", "decline_code": "lost_card", "message": "no"})],
     Declined("no", "lost_card", "pi_1")),
    ("pi_1", [said("requires_capture", amount=1200)], Differs(1200, 2, "EUR", "pi_1")),
    ("pi_1", [said("requires_capture", currency="usd")], Differs(1250, 2, "USD", "pi_1")),
    ("pi_1", [said("requires_confirmation", amount=1)], Differs(1, 2, "EUR", "pi_1")),
    # Somebody took a part at Stripe's own pages, which lets go of the rest; or more than was held.
    ("pi_1", [said("succeeded", amount_received=1000)], Captured("pi_1", PART)),
    ("pi_1", [said("succeeded", amount_received=1300)], Differs(1300, 2, "EUR", "pi_1")),
    ("pi_1", [MISSING], Declined("said by Stripe", "resource_missing")),
    # --- a means of payment: made, then confirmed
    ("pm_1", [said("requires_confirmation"), said("requires_capture")], Authorised("pi_1")),
    ("cus_1/pm_1", [said("requires_confirmation"), said("requires_capture")], Authorised("pi_1")),
    ("tok_1", [said("requires_confirmation"), said("requires_capture")], Authorised("pi_1")),
    ("pm_1", [said("requires_confirmation"), error(402, "card_error", "card_declined",
        decline_code="insufficient_funds")],
     Declined("said by Stripe", "insufficient_funds")),
    ("pm_1", [said("requires_confirmation"), UNEXPECTED, said("requires_capture")],
     Authorised("pi_1")),
    # --- a failure that Stripe saved under its key
    ("pm_1", [said("requires_confirmation"), BROKEN, said("requires_capture")], Authorised("pi_1")),
    ("pm_1", [said("requires_confirmation"), BROKEN, said("requires_confirmation"),
              said("requires_capture")], Authorised("pi_1")),
    ("pm_1", [BROKEN, said("requires_confirmation"), said("requires_capture")],
     Authorised("pi_1")),
    ("pm_1", [BROKEN], Unknown("500: said by Stripe")),
    # --- what is no reference of Stripe's
    ("order-17", [said("requires_capture")], Declined(
        "the payment reference is neither a PaymentIntent nor a means of payment of Stripe",
        "unknown_reference")),
    # --- classes of errors
    ("pm_1", [error(429, "invalid_request_error", "rate_limit")],
     NotSent("429: too many requests", 7.0)),
    ("pm_1", [error(409, "invalid_request_error", "idempotency_key_in_use")],
     Unknown("409: said by Stripe")),
    ("pm_1", [error(401, "invalid_request_error")],
     Misconfigured("401: Stripe does not take the API key")),
    ("pm_1", [error(403, "invalid_request_error")],
     Misconfigured("403: Stripe does not take the API key")),
    ("pm_1", [error(400, "idempotency_error")],
     Misconfigured("the key is known with other content: said by Stripe")),
    ("pm_1", [error(400, "invalid_request_error", "parameter_unknown")],
     Misconfigured("400: said by Stripe")),
    ("pi_1", [Answer(502, b"<html>bad gateway")], Unknown),
    ("pi_1", [Answer(200, b"{not json")], Unknown),
    ("pi_1", [Answer(200, {"id": "pi_1"})], Unknown),
    ("pi_1", [Answer(200, RESET)], Unknown),
    ("pi_1", [Answer(200, b"9" * (1 << 21))], Unknown("no answer: its answer is too large")),
    # A redirect is not followed: the account's base URL is wrong.
    ("pi_1", [Answer(302, {}, {"Location": "http://127.0.0.1:1/"})], Misconfigured),
]  # fmt: skip


@pytest.mark.parametrize(("reference", "script", "expected"), AUTHORISE)
async def test_authorising(
    vendor: Vendor, provider: StripeProvider, reference: str, script: list[Answer], expected: Any
) -> None:
    vendor.script = list(script)
    answer = await provider.authorise(request_of(reference))
    if isinstance(expected, type):
        assert isinstance(answer, expected), answer
    else:
        assert answer == expected


async def test_a_payment_is_made_before_it_is_confirmed_each_under_its_own_key(
    vendor: Vendor, provider: StripeProvider
) -> None:
    vendor.script = [said("requires_confirmation"), said("requires_capture")]
    await provider.authorise(request_of("cus_9/pm_1"))
    made, confirmed = vendor.asked
    assert (made.call, confirmed.call) == (f"POST {PI}", f"POST {PI}/pi_1/confirm")
    keys = [one.headers["idempotency-key"] for one in vendor.asked]
    assert keys == [KEY, f"{KEY}-confirm"]
    assert made.body == {
        "amount": "1250", "currency": "eur", "capture_method": "manual", "payment_method": "pm_1",
        "customer": "cus_9", "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
        "metadata[entrepot_order]": ORDER, "metadata[entrepot_key]": KEY,
    }  # fmt: skip
    assert confirmed.body == {"off_session": "true"}


async def test_all_intents_of_a_payment_are_confirmed_under_one_key(
    vendor: Vendor, provider: StripeProvider
) -> None:
    """A second hold would need a second key: Stripe refuses the first one for another intent."""
    vendor.script = [BROKEN, said("requires_confirmation"), said("requires_capture")]
    await provider.authorise(request_of("pm_1"))
    keys = [one.headers["idempotency-key"] for one in vendor.asked]
    assert keys == [KEY, f"{KEY}-2", f"{KEY}-confirm"]


async def test_what_is_no_reference_is_not_asked_for(
    vendor: Vendor, provider: StripeProvider
) -> None:
    for reference in ("order-17", "", "cus_1", "xyz/pm_1", "ch_1"):
        assert isinstance(await provider.authorise(request_of(reference)), Declined)
    assert vendor.asked == []


async def test_an_amount_that_is_too_fine_never_leaves(
    vendor: Vendor, provider: StripeProvider
) -> None:
    fine = payment.PaymentRequest(KEY, ORDER, "pm_1", 12505, 3, "EUR")
    assert isinstance(await provider.authorise(fine), Misconfigured)
    assert vendor.asked == []


@pytest.mark.parametrize(
    ("currency", "units", "scale", "amount"),
    [("JPY", 1250, 0, "1250"), ("KWD", 1250, 2, "12500"), ("ISK", 12, 0, "1200"),
     ("EUR", 12500, 3, "1250")],
)  # fmt: skip
async def test_amounts_are_written_by_stripes_own_table(
    vendor: Vendor, provider: StripeProvider, currency: str, units: int, scale: int, amount: str
) -> None:
    await provider.authorise(payment.PaymentRequest(KEY, ORDER, "pm_1", units, scale, currency))
    assert vendor.asked[0].body["amount"] == amount


async def test_a_service_that_is_not_there_was_not_asked() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        gone = StripeProvider(at_stripe(url))
        assert isinstance(await gone.authorise(request_of("pm_1")), NotSent)
        await gone.close()


async def test_a_server_without_a_certificate_that_is_known_was_not_asked(vendor: Vendor) -> None:
    plain = StripeProvider(at_stripe(vendor.url.replace("http:", "https:")))
    assert isinstance(await plain.authorise(request_of("pm_1")), NotSent)
    assert vendor.asked == []
    await plain.close()


OPERATIONS = [
    (operation("capture"), [said("succeeded")], Captured("pi_1")),
    (operation("capture", 500), [said("succeeded", amount_received=500)], Captured("pi_1")),
    (operation("capture"), [UNEXPECTED, said("succeeded")], Captured("pi_1")),
    (operation("capture", 500), [UNEXPECTED, said("succeeded")],
     Declined("another amount was captured already", "charge_already_captured")),
    (operation("capture"), [UNEXPECTED, said("succeeded", metadata={
        "entrepot_capture": "key-of-operation"})], Captured("pi_1")),
    # As much was taken by another capture.
    (operation("capture"), [UNEXPECTED, said("succeeded", metadata={
        "entrepot_capture": "key-of-another"})],
     Declined("another capture took the money already", "charge_already_captured")),
    (operation("capture"), [UNEXPECTED, said("canceled", cancellation_reason="automatic")],
     Declined("the hold has ended", "automatic")),
    (operation("capture", of=None), [said("succeeded")],
     Misconfigured("a capture needs the PaymentIntent that holds the money")),
    (operation("void"), [said("canceled")], Voided("pi_1")),
    (operation("void", of=None), [said("canceled")], Voided("pi_1")),
    (operation("void"), [UNEXPECTED, said("canceled")], Voided("pi_1")),
    (operation("void"), [MISSING], Voided(None)),
    (operation("void"), [UNEXPECTED, said("succeeded")],
     Declined("the money was taken already", "charge_already_captured")),
    (operation("refund", 400), [refund("succeeded")], Refunded("re_1")),
    (operation("refund"), [refund("pending")], Running("the refund is pending", "re_1")),
    (operation("refund"), [refund("failed", failure_reason="lost_or_stolen_card")],
     Declined("the refund is failed", "lost_or_stolen_card")),
    (operation("refund"), [error(400, "invalid_request_error", "charge_already_refunded"),
                           listed()], Declined("said by Stripe", "charge_already_refunded")),
    # More than is left of what was taken: an error without a code.
    (operation("refund"), [error(400, "invalid_request_error", param="amount"), listed()],
     Declined("said by Stripe", None)),
    (operation("refund"), [error(400, "invalid_request_error", param="reason"), listed()],
     Misconfigured("400: said by Stripe")),
    (operation("refund"), [error(400, "invalid_request_error", "charge_already_refunded"),
     listed({"id": "re_7", "object": "refund", "status": "succeeded",
             "metadata": {"entrepot_key": "key-of-operation"}})], Refunded("re_7")),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "script", "expected"), OPERATIONS)
async def test_operations(
    vendor: Vendor, provider: StripeProvider, request_: OperationRequest,
    script: list[Answer], expected: Any,
) -> None:  # fmt: skip
    vendor.script = list(script)
    doing: Any = getattr(provider, request_.kind)
    assert await doing(request_) == expected
    if vendor.asked:
        assert vendor.asked[0].headers["idempotency-key"] == "key-of-operation"


async def test_an_authorisation_that_was_never_sent_is_forbidden_beforehand(
    vendor: Vendor, provider: StripeProvider
) -> None:
    vendor.script = [said("requires_confirmation"), said("canceled")]
    request = OperationRequest("k", request_of("pm_1"), None, 1250, kind="void")
    assert await provider.void(request) == Voided("pi_1")
    assert vendor.calls == [f"POST {PI}", f"POST {PI}/pi_1/cancel"]
    assert vendor.asked[0].headers["idempotency-key"] == KEY


async def test_a_payment_whose_key_stripe_forgot_is_found_before_it_is_let_go(
    vendor: Vendor, provider: StripeProvider
) -> None:
    vendor.script = [listed(intent("requires_capture")), said("requires_capture"), said("canceled")]
    request = OperationRequest("k", request_of("pm_1"), None, 1250, kind="void", forgotten=True)
    assert await provider.void(request) == Voided("pi_1")
    assert vendor.calls == [f"GET {PI}/search", f"GET {PI}/pi_1", f"POST {PI}/pi_1/cancel"]
    # An account that cannot search has the key alone.
    for searched in (listed(), error(400, "invalid_request_error")):
        vendor.asked.clear()
        vendor.script = [searched, said("requires_confirmation"), said("canceled")]
        assert await provider.void(request) == Voided("pi_1")
        assert vendor.calls == [f"GET {PI}/search", f"POST {PI}", f"POST {PI}/pi_1/cancel"]


async def test_a_payment_that_stripe_never_makes_holds_no_money(
    vendor: Vendor, provider: StripeProvider
) -> None:
    vendor.script = [error(400, "invalid_request_error", "resource_missing")]
    request = OperationRequest("k", request_of("pm_1"), None, 1250, kind="void")
    assert await provider.void(request) == Voided(None)
    vendor.script = [error(401, "invalid_request_error")]
    assert isinstance(await provider.void(request), Misconfigured)


def dispute(status: str) -> dict[str, Any]:
    return {"id": f"du_{status}", "object": "dispute", "status": status, "payment_intent": "pi_1"}


DISPUTED = said("succeeded", latest_charge={"id": "ch_1", "object": "charge", "disputed": True})
LOOKED_UP: list[tuple[Any, str | None, list[Answer], Any]] = [
    (request_of("pi_1"), None, [said("requires_capture")], Authorised("pi_1")),
    (request_of("pi_1"), None, [said("canceled")], Voided("pi_1")),
    (request_of("pi_1"), None, [MISSING], Absent()),
    (request_of("pm_1"), "pi_1", [said("succeeded")], Captured("pi_1")),
    (request_of("pm_1"), "pi_1", [DISPUTED, listed(dispute("won"), dispute("needs_response"))],
     Disputed("the customer disputes the charge at Stripe", "pi_1")),
    (request_of("pm_1"), "pi_1", [DISPUTED, listed(dispute("lost"))],
     Disputed("the customer disputes the charge at Stripe", "pi_1")),
    # The charge says for ever that it was disputed; only the list tells of the end.
    (request_of("pm_1"), "pi_1", [DISPUTED, listed(dispute("won"), dispute("warning_closed"))],
     Captured("pi_1")),
    # The key may not read disputes.
    (request_of("pm_1"), "pi_1", [DISPUTED, error(403, "invalid_request_error")],
     Disputed("the customer disputes the charge at Stripe", "pi_1")),
    (request_of("pm_1"), "pi_1", [DISPUTED, error(500, "api_error")],
     Unknown("500: said by Stripe")),
    (request_of("pm_1"), None, [listed(intent("requires_capture")), said("requires_capture")],
     Authorised("pi_1")),
    (request_of("pm_1"), None, [listed()], Absent()),
    (request_of("pm_1"), "pi_1", [said("requires_confirmation")], Absent()),
    (operation("capture"), None, [said("requires_capture")], Absent()),
    (operation("capture"), None, [said("succeeded")], Captured("pi_1")),
    (operation("void"), None, [said("requires_capture")], Absent()),
    (operation("void"), None, [said("canceled")], Voided("pi_1")),
    (operation("refund"), "re_1", [refund("succeeded")], Refunded("re_1")),
    (operation("refund"), None, [listed()], Absent()),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "known", "script", "expected"), LOOKED_UP)
async def test_looking_up(
    vendor: Vendor, provider: StripeProvider, request_: Any, known: str | None,
    script: list[Answer], expected: Any,
) -> None:  # fmt: skip
    vendor.script = list(script)
    assert await provider.look_up(request_, known) == expected
    assert {one.method for one in vendor.asked} == {"GET"}


async def test_reconciling_walks_all_pages(vendor: Vendor, provider: StripeProvider) -> None:
    card = {"card": {"capture_before": 1_700_600_000}}
    charge = {"id": "ch", "object": "charge", "amount_refunded": 0, "payment_method_details": card}
    made = {"entrepot_order": ORDER, "entrepot_key": KEY}
    held = intent("requires_capture", metadata=made, latest_charge=charge)
    taken = intent("succeeded", id="pi_2", latest_charge={"id": "ch_2", "object": "charge",
                                                         "amount_refunded": 250})  # fmt: skip
    vendor.script = [listed(held, more=True), listed(taken)]
    found = [one async for one in provider.found_since(1_600_000_000_000_000)]
    assert found == [
        payment.Found("pi_1", ORDER, KEY, 1250, 2, "EUR", "authorised", 0, 0,
                      1_700_000_000_000_000, 1_700_600_000_000_000),
        payment.Found("pi_2", None, None, 1250, 2, "EUR", "captured", 1250, 250,
                      1_700_000_000_000_000, None),
    ]  # fmt: skip
    assert "starting_after=pi_1" in vendor.asked[1].path


async def test_reconciling_says_why_it_ends(vendor: Vendor, provider: StripeProvider) -> None:
    vendor.script = [error(401, "invalid_request_error")]
    assert [one async for one in provider.found_since(0)] == [
        Misconfigured("401: Stripe does not take the API key")
    ]


async def test_the_account_is_checked(vendor: Vendor, provider: StripeProvider) -> None:
    vendor.script = [listed()]
    assert await provider.check() is None
    vendor.script = [error(401, "invalid_request_error")]
    assert await provider.check() == "401: Stripe does not take the API key"
