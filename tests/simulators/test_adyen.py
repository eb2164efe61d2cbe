"""Adyen's own client, unchanged, against its simulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import Adyen
import pytest
import requests
from Adyen.exceptions import (
    AdyenAPIAuthenticationError,
    AdyenAPICommunicationError,
    AdyenAPIResponseError,
    AdyenAPIUnprocessableEntity,
)
from Adyen.util import is_valid_hmac_notification
from tests.simulators.receiving import Receiver, receiver

from entrepot.testing.server import eventually
from entrepot.testing.simulated import Simulated, simulated

HMAC_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
DAY = 86_400


class Shop:
    """A merchant: the client's services, whose address is the simulator's."""

    def __init__(self, simulator: Simulated, key: str = "key") -> None:
        self.account = "Shop"
        client = Adyen.Adyen(xapikey=key, platform="test")
        self.payments = client.checkout.payments_api
        self.modifications = client.checkout.modifications_api
        for service in (self.payments, self.modifications):
            service.baseUrl = f"{simulator.url}/v72"

    def pay(self, reference: str, key: str | None = None, **changes: Any) -> dict[str, Any]:
        request = {
            "amount": {"currency": "EUR", "value": 1250},
            "merchantAccount": self.account,
            "reference": reference,
            "paymentMethod": {"type": "scheme", "storedPaymentMethodId": "8415"},
        }
        answer = self.payments.payments(request | changes, idempotency_key=key)
        found: dict[str, Any] = answer.message
        return found

    def modify(self, what: str, psp: str, value: int | None = None, **more: Any) -> dict[str, Any]:
        request: dict[str, Any] = {"merchantAccount": self.account, "reference": f"{what}-1"}
        if value is not None:
            request["amount"] = {"currency": "EUR", "value": value}
        call = getattr(self.modifications, what)
        found: dict[str, Any] = call(request, psp, **more).message
        return found


@pytest.fixture(scope="module")
def received() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture(scope="module")
def simulator(received: Receiver) -> Iterator[Simulated]:
    with simulated("adyen", notify=received.url) as running:
        yield running


@pytest.fixture
def shop(simulator: Simulated) -> Shop:
    return Shop(simulator)


def sums(simulator: Simulated, psp: str) -> tuple[int, int, int]:
    [payment] = simulator.payments(psp)
    return payment["held"], payment["taken"], payment["refunded"]


def told(received: Receiver, count: int, *payments: str) -> list[dict[str, Any]]:
    """The notifications of these payments, once there are so many; each signed rightly.

    The receiver hears every test of this file, and a notification may come after its test.
    """

    def found() -> list[dict[str, Any]]:
        came = [json.loads(one.body) for one in received.came]
        return [one for one in came if concerned(one) in payments]

    eventually(lambda: len(found()) >= count, f"{count} notifications of {payments} came")
    assert all(is_valid_hmac_notification(one, HMAC_KEY) for one in found())
    return [item(one) for one in found()]


def item(notification: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = notification["notificationItems"][0]["NotificationRequestItem"]
    return read


def concerned(notification: dict[str, Any]) -> str:
    """The payment of a notification: itself, or that of the modification."""
    read = item(notification)
    return str(read.get("originalReference") or read["pspReference"])


def test_the_first_capture_lets_go_of_the_rest(simulator: Simulated, shop: Shop) -> None:
    psp = shop.pay("o-rest")["pspReference"]
    shop.modify("capture_authorised_payment", psp, 500)
    assert sums(simulator, psp) == (0, 500, 0)


def test_a_payment_is_held_captured_in_parts_and_refunded(
    simulator: Simulated, shop: Shop, received: Receiver
) -> None:
    shop.account = "ShopSeveralCaptures"
    paid = shop.pay("o-1")
    psp = paid["pspReference"]
    assert paid["resultCode"] == "Authorised"
    assert sums(simulator, psp) == (1250, 0, 0)
    part = shop.modify("capture_authorised_payment", psp, 500)
    assert (part["status"], part["paymentPspReference"]) == ("received", psp)
    shop.modify("capture_authorised_payment", psp, 750)
    assert sums(simulator, psp) == (0, 1250, 0)
    shop.modify("capture_authorised_payment", psp, 1)
    shop.modify("refund_captured_payment", psp, 400)
    shop.modify("refund_captured_payment", psp, 851)
    assert sums(simulator, psp) == (0, 850, 400)
    shop.modify("refund_or_cancel_payment", psp)
    assert sums(simulator, psp) == (0, 0, 1250)
    came = told(received, 7, psp)
    assert [(one["eventCode"], one["success"]) for one in came] == [
        ("AUTHORISATION", "true"),
        ("CAPTURE", "true"),
        ("CAPTURE", "true"),
        ("CAPTURE", "false"),
        ("REFUND", "true"),
        ("REFUND", "false"),
        ("CANCEL_OR_REFUND", "true"),
    ]
    assert came[1]["pspReference"] == part["pspReference"]
    assert came[1]["originalReference"] == psp


def test_a_payment_is_cancelled_by_either_reference(
    simulator: Simulated, shop: Shop, received: Receiver
) -> None:
    first, second = shop.pay("o-cancel-1"), shop.pay("o-cancel-2")
    shop.modify("cancel_authorised_payment_by_psp_reference", first["pspReference"])
    shop.modifications.cancel_authorised_payment(
        {"merchantAccount": "Shop", "paymentReference": "o-cancel-2", "reference": "c"}
    )
    for one in (first, second):
        assert sums(simulator, one["pspReference"]) == (0, 0, 0)
    references = first["pspReference"], second["pspReference"]
    codes = [one["eventCode"] for one in told(received, 4, *references)]
    assert codes[2:] == ["CANCELLATION", "TECHNICAL_CANCEL"]


def test_a_cancel_of_what_is_no_payment_is_told_to_have_failed(
    shop: Shop, received: Receiver
) -> None:
    answer = shop.modifications.cancel_authorised_payment(
        {"merchantAccount": "Shop", "paymentReference": "o-nothing", "reference": "c-nothing"}
    ).message
    [came] = told(received, 1, answer["pspReference"])
    assert (came["eventCode"], came["success"]) == ("TECHNICAL_CANCEL", "false")
    assert came["merchantReference"] == "c-nothing"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"paymentMethod": {"type": "scheme", "holderName": "NOT_ENOUGH_BALANCE"}}, "12"),
        ({"paymentMethod": {"storedPaymentMethodId": "sim_declined_as_6"}}, "6"),
    ],
)
def test_a_card_is_refused_with_the_services_code(
    shop: Shop, simulator: Simulated, changes: dict[str, Any], code: str
) -> None:
    paid = shop.pay(f"o-refused-{code}", **changes)
    assert (paid["resultCode"], paid["refusalReasonCode"]) == ("Refused", code)
    assert sums(simulator, paid["pspReference"]) == (0, 0, 0)


def test_a_key_is_answered_once_refused_with_other_content_and_forgotten() -> None:
    with simulated("adyen") as simulator:
        shop = Shop(simulator)
        paid = shop.pay("o-key", "key-1")
        assert shop.pay("o-key", "key-1") == paid
        with pytest.raises(AdyenAPIUnprocessableEntity) as refused:
            shop.pay("o-other", "key-1")
        assert refused.value.error_code == "704"
        assert len(simulator.payments()) == 1
        simulator.control("clock", advance_seconds=32 * DAY)
        assert shop.pay("o-key", "key-1") != paid
        assert [one["held"] for one in simulator.payments()] == [0, 1250], "the first has lapsed"


@pytest.mark.parametrize(
    ("does", "error", "kept"),
    [
        ("lost", requests.ConnectionError, True),
        ("cut", requests.ConnectionError, False),
        ("charged", AdyenAPICommunicationError, True),
        ("unavailable", AdyenAPIResponseError, False),
        ("busy", AdyenAPIUnprocessableEntity, False),
        ("limited", AdyenAPIResponseError, False),
    ],
)
def test_a_script_decides_how_a_call_goes(
    simulator: Simulated, shop: Shop, does: str, error: type[Exception], kept: bool
) -> None:
    reference = f"o-sim_{does}"
    with pytest.raises(error) as went:
        shop.pay(reference, f"script-{does}")
    if does in ("busy", "unavailable"):
        assert went.value.headers["transient-error"] == "true"  # type: ignore[attr-defined]
    assert len(simulator.payments(reference)) == int(kept)
    if does != "charged":
        assert shop.pay(reference, f"script-{does}")["resultCode"] == "Authorised"
    assert [one["held"] for one in simulator.payments(reference)] == [1250]


def test_an_outcome_is_told_later(simulator: Simulated, shop: Shop, received: Receiver) -> None:
    paid = shop.pay("o-sim_pending")
    assert paid["resultCode"] == "RedirectShopper"
    simulator.control("settle", reference="o-sim_pending", outcome="authorised")
    [came] = told(received, 1, paid["pspReference"])
    assert (came["eventCode"], came["merchantReference"]) == ("AUTHORISATION", "o-sim_pending")
    request = {"merchantAccount": "Shop", "details": {"redirectResult": paid["pspReference"]}}
    assert shop.payments.payments_details(request).message["resultCode"] == "Authorised"
    simulator.script("refund", "pending")
    shop.modify("capture_authorised_payment", paid["pspReference"], 1250)
    shop.modify("refund_captured_payment", paid["pspReference"], 1250)
    assert sums(simulator, paid["pspReference"]) == (0, 1250, 0)
    simulator.control("settle", reference=paid["pspReference"], outcome="declined")
    assert sums(simulator, paid["pspReference"]) == (0, 1250, 0)
    failed = told(received, 3, paid["pspReference"])[2]
    assert (failed["eventCode"], failed["success"]) == ("REFUND", "false")


@pytest.mark.parametrize("by", ["reference", "control"])
def test_what_was_done_fails_later(
    simulator: Simulated, shop: Shop, received: Receiver, by: str
) -> None:
    name = "o-sim_undone_refund_as_REFUNDED_REVERSED" if by == "reference" else "o-undone"
    psp = shop.pay(name)["pspReference"]
    shop.modify("capture_authorised_payment", psp, 1250)
    refund = shop.modify("refund_captured_payment", psp, 400)
    if by == "control":
        assert simulator.undo("refund", psp, "REFUNDED_REVERSED") == 1
        assert simulator.undo("refund", psp) == 0, "it is undone"
    assert sums(simulator, psp) == (0, 1250, 0)
    assert simulator.undo("capture", psp) == 1
    assert sums(simulator, psp) == (1250, 0, 0)
    came = told(received, 5, psp)
    assert [one["eventCode"] for one in came] == [
        "AUTHORISATION", "CAPTURE", "REFUND", "REFUNDED_REVERSED", "CAPTURE_FAILED",
    ]  # fmt: skip
    assert came[3]["pspReference"] == came[2]["pspReference"] == refund["pspReference"]


def test_a_payment_is_disputed(simulator: Simulated, shop: Shop, received: Receiver) -> None:
    psp = shop.pay("o-disputed")["pspReference"]
    assert simulator.dispute("opened", psp) == 0, "no money was taken"
    shop.modify("capture_authorised_payment", psp, 1250)
    for outcome in ("opened", "won", "lost"):
        assert simulator.dispute(outcome, psp) == 1
    came = told(received, 6, psp)[2:]
    assert [(one["eventCode"], one["additionalData"]["disputeStatus"]) for one in came] == [
        ("NOTIFICATION_OF_CHARGEBACK", "Undefended"), ("CHARGEBACK", "Undefended"),
        ("CHARGEBACK_REVERSED", "Won"), ("SECOND_CHARGEBACK", "Lost"),
    ]  # fmt: skip
    assert len({one["pspReference"] for one in came}) == 1, "one dispute"


def test_a_forged_notification_and_a_wrong_key(
    simulator: Simulated, shop: Shop, received: Receiver
) -> None:
    paid = shop.pay("o-forged")
    psp = paid["pspReference"]
    [true] = told(received, 1, psp)
    simulator.control("forge", reference=psp)
    came = [json.loads(one.body) for one in received.came]
    [forged] = [one for one in came if concerned(one) == psp and item(one) != true]
    assert is_valid_hmac_notification(forged, HMAC_KEY) is False
    with simulated("adyen", credential="right") as other:
        with pytest.raises(AdyenAPIAuthenticationError):
            Shop(other).pay("o-1")
        Shop(other, "right").pay("o-1")


def test_a_hold_that_ends_is_told() -> None:
    with receiver() as received, simulated("adyen", notify=received.url) as simulator:
        psp = Shop(simulator).pay("o-expires")["pspReference"]
        simulator.control("clock", advance_seconds=29 * DAY)
        codes = [one["eventCode"] for one in told(received, 2, psp)]
        assert codes == ["AUTHORISATION", "EXPIRE"]
        assert sums(simulator, psp) == (0, 0, 0)
