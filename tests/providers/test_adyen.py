"""Adyen's own client against a scripted service, and the notifications that outcomes come by."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from Adyen.util import generate_notification_sig
from tests.providers.accounts import ADYEN_HMAC, ADYEN_MERCHANT, Told, at_adyen
from tests.providers.conftest import KEY, ORDER, request_of
from tests.providers.vendor import RESET, Answer, Vendor

from entrepot.core.notice import Topics
from entrepot.core.payment import CaptureFound
from entrepot.providers import payment
from entrepot.providers.adyen import AdyenProvider
from entrepot.providers.payment import (
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

PSP, STORED = "ABCD123456789012", "shopper-7/8415718415718415"
OPERATION = "key-of-operation"
WHOLE = Captured(PSP, (CaptureFound(PSP, 1250),))


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor(Answer(200, {})) as found:
        yield found


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def provider(vendor: Vendor, told: Told) -> AsyncIterator[AdyenProvider]:
    made = AdyenProvider(at_adyen(vendor.url), 4, told)
    yield made
    await made.close()


def item(event: str, *, success: bool = True, key: str = ADYEN_HMAC, **more: Any) -> bytes:
    """A notification as Adyen sends it, signed."""
    said = {
        "pspReference": PSP, "originalReference": "", "merchantAccountCode": ADYEN_MERCHANT,
        "merchantReference": KEY, "amount": {"value": 1250, "currency": "EUR"},
        "eventCode": event, "success": str(success).lower(), "reason": "why", **more,
    }  # fmt: skip
    said["additionalData"] = {"hmacSignature": generate_notification_sig(said, key).decode()}
    return json.dumps({"live": "false", "notificationItems": [
        {"NotificationRequestItem": said}]}).encode()  # fmt: skip


def of_operation(event: str, **more: Any) -> bytes:
    usual = {"pspReference": "MOD", "originalReference": PSP, "merchantReference": OPERATION}
    return item(event, **{**usual, **more})


def paid(result: str, **more: Any) -> Answer:
    amount = {"value": 1250, "currency": "EUR"}
    return Answer(200, {"resultCode": result, "pspReference": PSP, "amount": amount, **more})


def error(status: int, code: str = "", **headers: str) -> Answer:
    return Answer(
        status, {"status": status, "errorCode": code, "message": "said by Adyen"}, headers
    )


AUTHORISE: list[tuple[str, Answer, Any]] = [
    (STORED, paid("Authorised"), Authorised(PSP)),
    (STORED, paid("Authorised", amount={"value": 1, "currency": "EUR"}), Differs(1, 2, "EUR", PSP)),
    (STORED, paid("Refused", refusalReason="Expired Card", refusalReasonCode="6"),
     Declined("Expired Card", "6", PSP)),
    (STORED, paid("RedirectShopper"), Pending("the customer must act: RedirectShopper", PSP)),
    (STORED, paid("Pending"), Running("Adyen has the payment: Pending", PSP)),
    (STORED, error(401), Misconfigured("401: Adyen does not take the API key")),
    (STORED, error(403), Misconfigured("403: Adyen does not take the API key")),
    (STORED, error(400, "702"), Misconfigured("400: said by Adyen")),
    (STORED, error(422, "704"), Unknown("422: Adyen is still at work on this request")),
    (STORED, error(422, "702", **{"Transient-Error": "true"}),
     Unknown("422: Adyen is still at work on this request")),
    (STORED, error(422, "803"), Declined("said by Adyen", "803")),
    (STORED, error(422, "14_030"), Misconfigured("422: said by Adyen")),
    (STORED, error(429, **{"Retry-After": "9"}), NotSent("429: too many requests", 9.0)),
    (STORED, error(500), Unknown("500: said by Adyen")),
    (STORED, Answer(502, b"<html>"), Unknown),
    (STORED, Answer(200, b"{no json"), Unknown),
    (STORED, Answer(200, RESET), Unknown),
    (STORED, Answer(302, {}, {"Location": "http://127.0.0.1:1/"}), Unknown),
    ("order-17", paid("Authorised"), Declined(
        "the payment reference is neither a pspReference nor SHOPPER/STORED-METHOD",
        "unknown_reference")),
]  # fmt: skip


@pytest.mark.parametrize(("reference", "answer", "expected"), AUTHORISE)
async def test_authorising(
    vendor: Vendor, provider: AdyenProvider, reference: str, answer: Answer, expected: Any
) -> None:
    vendor.script = [answer]
    said = await provider.authorise(request_of(reference))
    assert isinstance(said, expected) if isinstance(expected, type) else said == expected


async def test_a_payment_is_sent_as_it_was_written_down(
    vendor: Vendor, provider: AdyenProvider
) -> None:
    vendor.script = [paid("Authorised")]
    await provider.authorise(request_of(STORED))
    [asked] = vendor.asked
    assert asked.call == "POST /v72/payments"
    assert (asked.headers["idempotency-key"], asked.headers["x-api-key"]) == (KEY, "AQE1")
    assert asked.body["reference"] == KEY
    assert asked.body["amount"] == {"currency": "EUR", "value": 1250}
    assert asked.body["metadata"] == {"entrepot_order": ORDER}
    assert asked.body["additionalData"] == {"manualCapture": "true"}


@pytest.mark.parametrize(
    ("currency", "units", "scale", "value"),
    [("CLP", 12, 0, 1200), ("IDR", 12, 0, 12), ("KWD", 1250, 3, 1250), ("JPY", 5, 0, 5)],
)
async def test_amounts_are_written_by_adyens_own_table(
    vendor: Vendor, provider: AdyenProvider, currency: str, units: int, scale: int, value: int
) -> None:
    await provider.authorise(PaymentRequest(KEY, ORDER, STORED, units, scale, currency))
    assert vendor.asked[0].body["amount"]["value"] == value
    fine = PaymentRequest(KEY, ORDER, STORED, 12345, 4, "EUR")
    assert isinstance(await provider.authorise(fine), Misconfigured)
    assert len(vendor.asked) == 1


async def test_a_service_that_is_not_there_was_not_asked(told: Told) -> None:
    gone = AdyenProvider(at_adyen("http://127.0.0.1:9"), 1, told)
    assert isinstance(await gone.authorise(request_of(STORED)), NotSent)
    await gone.close()


def reversed_(**more: Any) -> bytes:
    return item("CANCEL_OR_REFUND", pspReference="MOD", originalReference=PSP, **more)


TAKEN_OVER: list[tuple[list[bytes], Any]] = [
    ([], Pending("Adyen has not notified the outcome", PSP)),
    ([item("AUTHORISATION")], Authorised(PSP)),
    ([item("AUTHORISATION", amount={"value": 1, "currency": "EUR"})], Differs(1, 2, "EUR", PSP)),
    ([item("AUTHORISATION", success=False)], Declined("why")),
    ([item("AUTHORISATION"), item("CANCELLATION", pspReference="MOD", originalReference=PSP)],
     Declined("the payment was cancelled at Adyen")),
    # The shop takes money at once, and a capture may fail later; of a part, the rest is let go.
    ([item("AUTHORISATION"), item("CAPTURE")], WHOLE),
    ([item("AUTHORISATION"), item("CAPTURE"), item("CAPTURE_FAILED")], Authorised(PSP)),
    ([item("AUTHORISATION"), item("CAPTURE", success=False)], Authorised(PSP)),
    ([item("AUTHORISATION"), item("CAPTURE", amount={"value": 1249, "currency": "EUR"})],
     Captured(PSP, (CaptureFound(PSP, 1249),))),
    ([item("OFFER_CLOSED")], Declined("the customer did not pay in time")),
    ([item("OFFER_CLOSED"), item("AUTHORISATION")], Authorised(PSP)),
    # The hold has ended, or somebody let go of it at Adyen's own pages. What was taken stays taken.
    ([item("AUTHORISATION"), item("EXPIRE")], Declined("the payment was cancelled at Adyen")),
    ([item("EXPIRE"), item("AUTHORISATION")], Declined("the payment was cancelled at Adyen")),
    ([item("AUTHORISATION"), reversed_()], Declined("the payment was cancelled at Adyen")),
    ([item("AUTHORISATION"), item("CAPTURE"), reversed_()], WHOLE),
    ([item("AUTHORISATION"), item("CAPTURE"), item("EXPIRE")], WHOLE),
    # Adyen makes a capture again that failed for a technical cause.
    ([item("AUTHORISATION"), item("CAPTURE"), item("CAPTURE_FAILED"), of_operation("CAPTURE")],
     WHOLE),
    ([item("AUTHORISATION"), reversed_(success=False)], Authorised(PSP)),
    # What Adyen has not signed, or has signed for another account, was never notified.
    ([item("AUTHORISATION", key="00" * 32)], Pending("Adyen has not notified the outcome", PSP)),
    ([item("AUTHORISATION", merchantAccountCode="Other")],
     Pending("Adyen has not notified the outcome", PSP)),
]  # fmt: skip


@pytest.mark.parametrize(("kept", "expected"), TAKEN_OVER)
async def test_a_payment_of_the_shops_own_pages_is_taken_over_as_it_was_notified(
    vendor: Vendor, provider: AdyenProvider, told: Told, kept: list[bytes], expected: Any
) -> None:
    told += kept
    assert await provider.authorise(request_of(PSP)) == expected
    assert vendor.asked == []


def operation(kind: Any, of: str | None = PSP, reference: str = PSP) -> OperationRequest:
    return OperationRequest(OPERATION, request_of(reference), of, 500, kind=kind)


RECEIVED = Answer(201, {"status": "received", "pspReference": "MOD"})
TAKEN = Running("Adyen has received the request", "MOD")


@pytest.mark.parametrize(
    ("request_", "call", "event", "done"),
    [
        (operation("capture"), f"POST /v72/payments/{PSP}/captures", "CAPTURE", Captured(PSP)),
        (operation("refund"), f"POST /v72/payments/{PSP}/refunds", "REFUND", Refunded("MOD")),
        (operation("void"), f"POST /v72/payments/{PSP}/cancels", "CANCELLATION", Voided(PSP)),
        (operation("void", None), f"POST /v72/payments/{PSP}/cancels", "CANCELLATION", Voided(PSP)),
        (operation("void", None, STORED), "POST /v72/cancels", "TECHNICAL_CANCEL", Voided(PSP)),
    ],
)
async def test_an_operation_is_done_once_adyen_has_notified_it(  # noqa: PLR0917
    vendor: Vendor, provider: AdyenProvider, told: Told, request_: OperationRequest, call: str,
    event: str, done: Any,
) -> None:  # fmt: skip
    vendor.script = [RECEIVED]
    do: Any = getattr(provider, request_.kind)
    assert await do(request_) == TAKEN
    assert vendor.calls == [call]
    assert vendor.asked[0].headers["idempotency-key"] == OPERATION
    assert vendor.asked[0].body["reference"] == OPERATION
    if "/v72/cancels" in call:
        assert vendor.asked[0].body["paymentReference"] == KEY
    assert await provider.look_up(request_, "MOD") == Running(
        "Adyen has not notified the outcome", "MOD"
    )
    told.append(of_operation(event))
    told.append(of_operation(event))
    assert await provider.look_up(request_, "MOD") == done
    # A repeat does not ask for it again.
    assert await do(request_) == done
    assert len(vendor.asked) == 1
    told[:] = [of_operation(event, success="false")]
    assert await provider.look_up(request_, "MOD") == Declined("why")


@pytest.mark.parametrize("turn", [1, -1], ids=["in order", "late"])
async def test_an_operation_that_failed_after_all_is_declined(
    provider: AdyenProvider, told: Told, turn: int
) -> None:
    for kind, event in (("capture", "CAPTURE"), ("refund", "REFUND")):
        told[:] = [of_operation(event), of_operation(f"{event}_FAILED")][::turn]
        assert await provider.look_up(operation(kind), "MOD") == Declined("why")


async def test_an_operation_that_adyen_refuses_is_declined(
    vendor: Vendor, provider: AdyenProvider
) -> None:
    vendor.script = [error(422, "167")]
    assert await provider.capture(operation("capture")) == Declined("said by Adyen", "167")
    assert isinstance(await provider.refund(operation("refund", None)), Misconfigured)


async def test_what_was_never_told_is_not_known(provider: AdyenProvider) -> None:
    assert isinstance(await provider.look_up(operation("capture")), Unknown)
    unseen = await provider.look_up(request_of(STORED))
    assert isinstance(unseen, Unknown)
    assert unseen.unseen
    assert isinstance(await provider.look_up(request_of(STORED), PSP), Running)
    assert [one async for one in provider.found_since(0)] == [
        Misconfigured("Adyen has no list of payments to ask for; compare its settlement report")
    ]


async def test_the_account_is_checked(vendor: Vendor, provider: AdyenProvider) -> None:
    assert await provider.check() is None
    vendor.script = [error(401)]
    assert await provider.check() == "401: Adyen does not take the API key"


async def test_a_notification_is_read_for_what_it_names(provider: AdyenProvider) -> None:
    body = of_operation("CAPTURE")
    read = provider.read_notification({}, body)
    named = ("MOD", PSP, OPERATION)
    assert read == payment.Notification("CAPTURE|MOD|True|1", named, Topics(money=True, hold=True))
    for event, success, of_hold in (
        ("CAPTURE", False, False), ("CANCELLATION", True, True), ("EXPIRE", True, True),
        ("REFUND", True, False),
    ):  # fmt: skip
        read = provider.read_notification({}, of_operation(event, success=success))
        assert read is not None
        assert read.topics == Topics(hold=of_hold, refund=event == "REFUND"), event
    for event in ("CAPTURE_FAILED", "REFUND_FAILED"):
        read = provider.read_notification({}, of_operation(event))
        assert read is not None
        assert read.topics.failure, event


async def test_an_order_that_adyen_shows_is_named_as_well(provider: AdyenProvider) -> None:
    """Adyen signs no metadata: they name whom to wake, and nothing else."""
    told = json.loads(item("EXPIRE"))
    [its] = told["notificationItems"]
    its["NotificationRequestItem"]["additionalData"]["metadata.entrepot_order"] = ORDER
    read = provider.read_notification({}, json.dumps(told).encode())
    assert read is not None
    assert read.references == (PSP, KEY, ORDER)


@pytest.mark.parametrize(
    "body",
    [
        item("AUTHORISATION", key="00" * 32),
        item("AUTHORISATION").replace(b"1250", b"1251"),
        b"{}", b"[]", b"\xff", b'{"notificationItems": []}',
        b'{"notificationItems": [{"NotificationRequestItem": {}}]}',
    ],
)  # fmt: skip
async def test_a_forged_notification_is_none(provider: AdyenProvider, body: bytes) -> None:
    assert provider.read_notification({}, body) is None


async def test_an_account_without_an_hmac_key_reads_none(vendor: Vendor, told: Told) -> None:
    without = AdyenProvider(at_adyen(vendor.url) | {"hmac_key": ""}, 1, told)
    assert without.read_notification({}, item("AUTHORISATION")) is None
    assert await without.check() == "without an hmac_key no outcome of a payment is heard"
    await without.close()


async def test_a_key_is_changed_while_notifications_with_the_old_one_are_kept(
    vendor: Vendor, told: Told
) -> None:
    new = "AB" * 32
    both = AdyenProvider(at_adyen(vendor.url) | {"hmac_key": f"{new}, {ADYEN_HMAC}"}, 1, told)
    for key in (new, ADYEN_HMAC):
        assert both.read_notification({}, item("AUTHORISATION", key=key)) is not None
    assert both.read_notification({}, item("AUTHORISATION", key="00" * 32)) is None
    told[:] = [item("AUTHORISATION"), item("CAPTURE", key=new)]
    assert await both.look_up(request_of(PSP)) == WHOLE
    await both.close()


async def test_what_another_merchant_account_is_told_is_taken_and_names_nothing(
    provider: AdyenProvider,
) -> None:
    """A webhook of the company tells of all its accounts: what is refused comes again for days."""
    read = provider.read_notification({}, item("AUTHORISATION", merchantAccountCode="Other"))
    assert read is not None
    assert read.references == ()
    forged = item("AUTHORISATION", merchantAccountCode="Other", key="00" * 32)
    assert provider.read_notification({}, forged) is None


async def test_an_absent_reference_may_be_null(provider: AdyenProvider) -> None:
    """Adyen signs nothing for it; its client signs the word `None`."""
    body = item("AUTHORISATION").replace(b'"originalReference": ""', b'"originalReference": null')
    assert b"null" in body
    read = provider.read_notification({}, body)
    assert read is not None
    assert read.references == (PSP, KEY)


async def test_what_failed_after_all_is_no_money_of_a_list(
    provider: AdyenProvider, told: Told
) -> None:
    """In whatever order the notifications came."""
    capture, refund = of_operation("CAPTURE"), of_operation("REFUND", pspReference="REF")
    failed = [of_operation("CAPTURE_FAILED"), of_operation("REFUND_FAILED", pspReference="REF")]
    for kept, expected in (
        ([capture, refund], ("captured", 1250, 1250)),
        ([capture, refund, failed[1]], ("captured", 1250, 0)),
        ([failed[0], capture], ("authorised", 0, 0)),
        ([capture, item("EXPIRE")], ("captured", 1250, 0)),
        ([item("EXPIRE")], ("voided", 0, 0)),
    ):
        told[:] = [item("AUTHORISATION"), *kept]
        found = await anext(provider.found_since(0))
        assert isinstance(found, payment.Found)
        assert (found.state, found.captured, found.refunded) == expected
