"""What is let go of at Adyen: a hold, nothing at all, or what Adyen captured by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.providers.accounts import ADYEN_MERCHANT, Told
from tests.providers.test_adyen import (
    OPERATION,
    PSP,
    RECEIVED,
    STORED,
    TAKEN,
    error,
    item,
    of_operation,
    operation,
    provider,
    request_of,
    reversed_,
    told,
    vendor,
)
from tests.providers.vendor import Vendor

from entrepot.providers.adyen import AdyenProvider
from entrepot.providers.payment import Declined, OperationRequest, Running, Unknown, Voided

__all__ = ["provider", "told", "vendor"]  # fixtures

NOTHING_THERE = of_operation("TECHNICAL_CANCEL", success="false")
LATE = replace(operation("void", None, STORED), late=True)


@pytest.mark.parametrize(
    ("request_", "kept", "expected"),
    [
        # The hold ended before: Adyen declines to cancel it, and no money is held.
        (operation("void"), [item("AUTHORISATION"), item("EXPIRE")], Voided(None)),
        (operation("void"), [item("AUTHORISATION"), reversed_()], Voided(None)),
        (operation("void", None, STORED), [item("AUTHORISATION"), item("EXPIRE")], Voided(None)),
        # There is no payment under our reference by now: nothing was notified of one.
        (operation("void", None, STORED), [NOTHING_THERE], Voided(None, unless_on_its_way=True)),
        (LATE, [NOTHING_THERE, of_operation("TECHNICAL_CANCEL", success="false",
         pspReference="MOD-2")], Voided(None)),
        (operation("void", None, STORED), [item("AUTHORISATION", success=False),
         of_operation("TECHNICAL_CANCEL", success="false")], Voided(None)),
        # The customer never paid what the shop's pages had begun; another hold may yet be told of.
        (operation("void"), [of_operation("CANCELLATION", success="false")], Voided(None)),
        (operation("void", PSP, STORED), [of_operation("CANCELLATION", success="false")],
         Declined("why")),
    ],
)  # fmt: skip
async def test_what_holds_no_money_any_more_is_voided(
    vendor: Vendor, provider: AdyenProvider, told: Told, request_: OperationRequest,
    kept: list[bytes], expected: Any,
) -> None:  # fmt: skip
    told[:] = kept
    assert await provider.void(request_) == expected
    assert vendor.asked == []


async def test_what_adyen_captured_by_itself_is_given_back_by_a_reversal(
    vendor: Vendor, provider: AdyenProvider, told: Told
) -> None:
    """Adyen notifies no capture that it makes by itself: it declines to cancel, and that is all."""
    vendor.script = [RECEIVED, RECEIVED]
    request = operation("void")
    told[:] = [item("AUTHORISATION")]
    assert await provider.void(request) == TAKEN
    told.append(of_operation("CANCELLATION", success="false"))
    assert await provider.void(request) == TAKEN
    assert vendor.calls == [
        f"POST /v72/payments/{PSP}/cancels", f"POST /v72/payments/{PSP}/reversals",
    ]  # fmt: skip
    keys = [one.headers["idempotency-key"] for one in vendor.asked]
    assert keys[0] == OPERATION != keys[1], "Adyen answers a key as it did before"
    assert vendor.asked[1].body == {"merchantAccount": ADYEN_MERCHANT, "reference": OPERATION}
    refused = of_operation("CANCEL_OR_REFUND", success="false")
    given_back = of_operation("CANCEL_OR_REFUND")
    for last, expected in ((refused, Declined("why")), (given_back, Voided(PSP))):
        told[2:] = [last]
        assert await provider.void(request) == expected
    assert len(vendor.asked) == 2


async def test_a_cancel_that_adyen_does_not_take_is_a_reversal(
    vendor: Vendor, provider: AdyenProvider, told: Told
) -> None:
    told[:] = [item("AUTHORISATION")]
    vendor.script = [error(422, "167"), RECEIVED, error(422, "167"), error(422, "167")]
    assert await provider.void(operation("void")) == TAKEN
    assert await provider.void(operation("void")) == Declined("said by Adyen", "167")
    assert [one.rpartition("/")[2] for one in vendor.calls] == ["cancels", "reversals"] * 2


@pytest.mark.parametrize("taken", [1250, 500])
async def test_what_somebody_took_is_not_given_back_by_a_void(
    vendor: Vendor, provider: AdyenProvider, told: Told, taken: int
) -> None:
    told[:] = [item("AUTHORISATION"), item("CAPTURE", amount={"value": taken, "currency": "EUR"}),
               of_operation("CANCELLATION", success="false")]  # fmt: skip
    assert await provider.void(operation("void")) == Declined("why")
    assert vendor.asked == []


GONE = [
    of_operation("TECHNICAL_CANCEL"),
    item("EXPIRE", merchantReference=""),
    of_operation("CANCELLATION", merchantReference="of a person"),
]


@pytest.mark.parametrize("ends", GONE)
async def test_a_hold_that_is_known_by_our_key_alone_is_gone_once_adyen_has_said_so(
    provider: AdyenProvider, told: Told, ends: bytes
) -> None:
    """The end of a hold names Adyen's reference, which was never written down here."""
    for kept in ([item("AUTHORISATION"), ends], [ends, item("AUTHORISATION")]):
        told[:] = kept
        assert isinstance(await provider.look_up(request_of(STORED)), Voided)


async def test_a_payment_that_came_after_the_cancel_is_cancelled_once_no_other_can_come(
    vendor: Vendor, provider: AdyenProvider, told: Told
) -> None:
    """Adyen may have the payment by then, and may not have notified it."""
    vendor.script = [RECEIVED, RECEIVED]
    told[:] = [NOTHING_THERE]
    assert await provider.void(LATE) == TAKEN
    assert await provider.void(LATE) == TAKEN
    [key] = {one.headers["idempotency-key"] for one in vendor.asked}
    assert key != OPERATION, "Adyen answers a key as it did before"
    assert {one.body["reference"] for one in vendor.asked} == {OPERATION}
    told.append(of_operation("TECHNICAL_CANCEL", pspReference="MOD-2"))
    assert await provider.void(LATE) == Voided(PSP)


@pytest.mark.parametrize(("headers", "asks"), [({}, 2), ({"transient-error": "true"}, 1)])
async def test_a_void_goes_past_a_failure_that_adyen_has_saved(
    vendor: Vendor, provider: AdyenProvider, headers: dict[str, str], asks: int
) -> None:
    """Adyen keeps a key for a month, and answers it as it did before."""
    vendor.script = [error(500, **headers), RECEIVED]
    answer = await provider.void(operation("void"))
    keys = [one.headers["idempotency-key"] for one in vendor.asked]
    assert (keys[0], len(set(keys))) == (OPERATION, asks)
    assert isinstance(answer, Running if asks == 2 else Unknown)
    assert {one.body["reference"] for one in vendor.asked} == {OPERATION}


async def test_a_capture_that_adyen_failed_has_no_other_key(
    vendor: Vendor, provider: AdyenProvider
) -> None:
    """Money that is taken under another key is taken twice."""
    for kind in ("capture", "refund"):
        vendor.script = [error(500)]
        vendor.asked.clear()
        request = operation(kind)
        assert isinstance(await getattr(provider, kind)(request), Unknown)
        assert [one.headers["idempotency-key"] for one in vendor.asked] == [OPERATION]
