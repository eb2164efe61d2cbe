"""PayPal's own client, unchanged, against its simulator."""

from __future__ import annotations

import base64
import json
import logging
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from paypalserversdk.configuration import Configuration, Environment, Server
from paypalserversdk.exceptions.api_exception import ApiException
from paypalserversdk.exceptions.error_exception import ErrorException
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient
from tests.simulators.receiving import Received, receiver

from entrepot.testing.simulated import Simulated, simulated

WEBHOOK = "8PT597110X687430LKGECATA"
HOUR, DAY = 3600, 86_400
WHOLE = "return=representation"


class At(Configuration):  # type: ignore[misc]
    """The configuration of PayPal's client, with the simulator's address among PayPal's own."""

    def __init__(self, simulator: Simulated, client_id: str) -> None:
        credentials = ClientCredentialsAuthCredentials(client_id, "secret")
        super().__init__(
            environment=Environment.SANDBOX, client_credentials_auth_credentials=credentials
        )
        self.environments = {Environment.SANDBOX: {Server.DEFAULT: simulator.url}}


def client(simulator: Simulated, client_id: str = "id") -> PaypalServersdkClient:
    return PaypalServersdkClient(config=At(simulator, client_id))


class Shop:
    def __init__(self, simulator: Simulated) -> None:
        at = client(simulator)
        self.orders, self.payments = at.orders, at.payments
        self.transactions = at.transaction_search
        self.simulator = simulator

    def made(self, key: str | None = None, intent: str = "AUTHORIZE", **unit: Any) -> Any:
        body = {
            "intent": intent,
            "purchase_units": [
                {"amount": {"currency_code": "EUR", "value": "12.50"}, "custom_id": "o-1", **unit}
            ],
        }
        options = {"body": body, "prefer": WHOLE, "paypal_request_id": key}
        return self.orders.create_order(options).body

    def authorised(self, key: str | None = None, **unit: Any) -> str:
        """The id of an authorisation of an order that its payer approved."""
        order = self.made(**unit)
        self.simulator.control("settle", reference=order.id, outcome="authorised")
        return self.authorise(order.id, key)

    def authorise(self, order: str, key: str | None = None) -> str:
        options = {"id": order, "prefer": WHOLE, "paypal_request_id": key}
        done = self.orders.authorize_order(options).body
        return str(done.purchase_units[0].payments.authorizations[0].id)

    def capture(
        self, hold: str, value: str | None = None, key: str | None = None, **more: Any
    ) -> Any:
        body = dict(more)
        if value is not None:
            body["amount"] = {"currency_code": "EUR", "value": value}
        return self.payments.capture_authorized_payment(
            {"authorization_id": hold, "body": body, "prefer": WHOLE, "paypal_request_id": key}
        ).body

    def refund(self, capture: str, value: str | None = None) -> Any:
        amount = {"currency_code": "EUR", "value": value}
        body = {} if value is None else {"amount": amount}
        return self.payments.refund_captured_payment(
            {"capture_id": capture, "body": body, "prefer": WHOLE}
        ).body


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulated]:
    with simulated("paypal") as running:
        yield running


@pytest.fixture
def shop(simulator: Simulated) -> Shop:
    return Shop(simulator)


def sums(simulator: Simulated, hold: str) -> tuple[int, int, int]:
    [payment] = [one for one in simulator.payments() if one["payment"] == hold]
    return payment["held"], payment["taken"], payment["refunded"]


def token(simulator: Simulated) -> str:
    answer = httpx.post(
        f"{simulator.url}/v1/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=("id", "secret"),
    )
    return str(answer.json()["access_token"])


def issue(error: ApiException) -> str:
    return str(json.loads(error.response.text)["details"][0]["issue"])


def test_a_payment_is_held_captured_in_parts_and_refunded(simulator: Simulated, shop: Shop) -> None:
    hold = shop.authorised()
    assert sums(simulator, hold) == (1250, 0, 0)
    part = shop.capture(hold, "5.00")
    assert sums(simulator, hold) == (750, 500, 0)
    assert shop.payments.get_authorized_payment({"authorization_id": hold}).body.status == (
        "PARTIALLY_CAPTURED"
    )
    shop.capture(hold, "2.50", final_capture=True)
    assert sums(simulator, hold) == (0, 750, 0), "the rest of the hold is let go"
    with pytest.raises(ErrorException) as refused:
        shop.capture(hold, "0.01")
    assert issue(refused.value) == "AUTHORIZATION_ALREADY_CAPTURED"
    refund = shop.refund(part.id, "2.00")
    assert refund.status == "COMPLETED"
    assert sums(simulator, hold) == (0, 550, 200)
    with pytest.raises(ErrorException) as refused:
        shop.refund(part.id, "3.01")
    assert issue(refused.value) == "REFUND_AMOUNT_EXCEEDED"
    shop.refund(part.id)
    with pytest.raises(ErrorException) as refused:
        shop.refund(part.id)
    assert issue(refused.value) == "CAPTURE_FULLY_REFUNDED"
    assert shop.payments.get_captured_payment({"capture_id": part.id}).body.status == "REFUNDED"
    assert shop.payments.get_refund({"refund_id": refund.id}).body.amount.value == "2.00"


@pytest.mark.parametrize("by", ["reference", "control"])
def test_what_was_done_fails_later(simulator: Simulated, shop: Shop, by: str) -> None:
    undone = "-sim_undone_refund" if by == "reference" else ""
    hold = shop.authorised(custom_id=f"o-{by}{undone}")
    taken = shop.capture(hold, "5.00", final_capture=False)
    refund = shop.refund(taken.id, "2.00")
    assert refund.status == "COMPLETED", "that is what was told at first"
    if by == "control":
        assert simulator.undo("refund", hold) == 1
    assert shop.payments.get_refund({"refund_id": refund.id}).body.status == "FAILED"
    assert sums(simulator, hold) == (750, 500, 0)
    assert simulator.undo("capture", taken.id) == 1
    read = shop.payments.get_captured_payment({"capture_id": taken.id}).body
    assert read.status == "DECLINED"
    assert sums(simulator, hold) == (1250, 0, 0)
    types = [one["told"]["event_type"] for one in simulator.ledger()["notifications"]]
    assert types[-2:] == ["PAYMENT.REFUND.FAILED", "PAYMENT.CAPTURE.DENIED"]
    assert shop.capture(hold).status == "COMPLETED"
    assert sums(simulator, hold) == (0, 1250, 0)


def test_a_capture_is_disputed(simulator: Simulated, shop: Shop) -> None:
    hold = shop.authorised()
    assert simulator.dispute("opened", hold) == 0, "nothing was taken"
    first, second = shop.capture(hold, "5.00"), shop.capture(hold, "2.00")
    assert simulator.dispute("opened", first.id) == 1
    assert simulator.dispute("won", second.id) == 0
    with httpx.Client(base_url=f"{simulator.url}/v1/customer/disputes") as calls:
        calls.headers["authorization"] = f"Bearer {token(simulator)}"

        def listed(capture: Any) -> list[Any]:
            told = calls.get("", params={"disputed_transaction_id": capture.id})
            return list(told.json()["items"])

        [one] = listed(first)
        assert (one["status"], listed(second)) == ("WAITING_FOR_SELLER_RESPONSE", [])
        for outcome, code in (("won", "SELLER"), ("lost", "BUYER")):
            assert simulator.dispute(outcome, hold) == 1
            assert listed(first)[0]["status"] == "RESOLVED"
            whole = calls.get(f"/{one['dispute_id']}").json()
            assert whole["dispute_outcome"]["outcome_code"] == f"RESOLVED_{code}_FAVOUR"
        assert calls.get("/PP-D-NONE").status_code == 404
    told = [one["told"] for one in simulator.ledger()["notifications"]]
    types = [one["event_type"] for one in told if "DISPUTE" in one["event_type"]]
    assert types == [f"CUSTOMER.DISPUTE.{one}" for one in ("CREATED", "RESOLVED", "RESOLVED")]
    assert told[-1]["resource"]["disputed_transactions"] == [{"seller_transaction_id": first.id}]
    assert sums(simulator, hold) == (550, 700, 0)


def test_an_order_waits_for_its_payer_and_is_shown_with_its_payments(
    simulator: Simulated, shop: Shop
) -> None:
    order = shop.made()
    assert order.status == "CREATED"
    with pytest.raises(ErrorException) as refused:
        shop.authorise(order.id)
    assert issue(refused.value) == "ORDER_NOT_APPROVED"
    assert simulator.payments(order.id) == []
    simulator.control("settle", reference=order.id, outcome="authorised")
    hold = shop.authorise(order.id)
    with pytest.raises(ErrorException) as refused:
        shop.authorise(order.id)
    assert issue(refused.value) == "ORDER_ALREADY_AUTHORIZED"
    shown = shop.orders.get_order({"id": order.id}).body
    assert shown.status == "COMPLETED"
    assert shown.purchase_units[0].payments.authorizations[0].id == hold
    direct = shop.made(intent="CAPTURE")
    simulator.control("settle", reference=direct.id, outcome="authorised")
    done = shop.orders.capture_order({"id": direct.id, "prefer": WHOLE}).body
    assert done.purchase_units[0].payments.captures[0].status == "COMPLETED"
    shown = json.loads(shop.orders.get_order({"id": direct.id}).text)["purchase_units"][0]
    assert list(shown["payments"]) == ["captures"], "nothing was held before"
    related = shown["payments"]["captures"][0]["supplementary_data"]["related_ids"]
    assert related == {"order_id": direct.id}
    [payment] = simulator.payments(direct.id)
    assert payment["taken"] == 1250


def test_a_hold_is_voided_once_renewed_late_and_lapses(simulator: Simulated, shop: Shop) -> None:
    hold = shop.authorised()
    shop.payments.void_payment({"authorization_id": hold})
    assert sums(simulator, hold) == (0, 0, 0)
    with pytest.raises(ErrorException) as refused:
        shop.payments.void_payment({"authorization_id": hold})
    assert issue(refused.value) == "PREVIOUSLY_VOIDED"
    with pytest.raises(ErrorException) as refused:
        shop.capture(hold)
    assert issue(refused.value) == "AUTHORIZATION_VOIDED"
    hold = shop.authorised()
    renew = {"authorization_id": hold, "body": None, "prefer": WHOLE}
    with pytest.raises(ErrorException) as refused:
        shop.payments.reauthorize_payment(renew)
    assert issue(refused.value) == "REAUTHORIZATION_TOO_SOON"
    simulator.control("clock", advance_seconds=4 * DAY)
    again = Shop(simulator).payments.reauthorize_payment(renew).body
    assert again.id != hold
    assert sums(simulator, hold) == (1250, 0, 0), "one hold, under a new id"
    simulator.control("clock", advance_seconds=30 * DAY)
    assert sums(simulator, hold) == (0, 0, 0)


def test_a_key_is_answered_with_the_latest_state_refused_and_forgotten() -> None:
    with simulated("paypal") as simulator:
        shop = Shop(simulator)
        order = shop.made("key-1")
        simulator.control("settle", reference=order.id, outcome="authorised")
        again = shop.made("key-1")
        assert (again.id, again.status) == (order.id, "APPROVED")
        with pytest.raises(ErrorException) as refused:
            shop.made("key-1", custom_id="other")
        assert issue(refused.value) == "DUPLICATE_REQUEST_ID"
        hold = shop.authorise(order.id)
        taken = shop.capture(hold, "1.00", "key-2")
        simulator.control("clock", advance_seconds=7 * HOUR)
        assert shop.made("key-1").id != order.id, "orders are remembered for six hours"
        simulator.control("clock", advance_seconds=DAY)
        shop = Shop(simulator)  # the token has expired
        assert shop.capture(hold, "1.00", "key-2").id == taken.id, "payments for 45 days"


def test_a_saved_means_of_payment_completes_its_order(simulator: Simulated, shop: Shop) -> None:
    body = {
        "intent": "AUTHORIZE",
        "purchase_units": [{"amount": {"currency_code": "JPY", "value": "1250"}}],
        "payment_source": {"paypal": {"vault_id": "9nt61g"}},
    }
    order = shop.orders.create_order({"body": body, "prefer": WHOLE}).body
    assert order.status == "COMPLETED"
    assert sums(simulator, order.purchase_units[0].payments.authorizations[0].id) == (1250, 0, 0)


@pytest.mark.parametrize(
    ("does", "error", "status", "kept"),
    [
        ("lost", requests.ConnectionError, None, True),
        ("cut", requests.ConnectionError, None, False),
        ("charged", ApiException, 500, True),
        ("failed", ApiException, 500, False),
        ("unavailable", ApiException, 503, False),
        ("busy", ApiException, 409, False),
        ("limited", ApiException, 429, False),
        ("declined", ApiException, 422, False),
    ],
)
def test_a_script_decides_how_a_call_goes(
    simulator: Simulated, shop: Shop, does: str, error: type[Exception], status: Any, kept: bool
) -> None:
    order = shop.made(custom_id=f"o-sim_{does}_1")
    simulator.control("settle", reference=order.id, outcome="authorised")
    with pytest.raises(error) as went:
        shop.authorise(order.id, f"script-{does}")
    if isinstance(went.value, ApiException):
        assert went.value.response_code == status
    assert len(simulator.payments(order.id)) == int(kept)
    shop.authorise(order.id, f"script-{does}")
    assert [one["held"] for one in simulator.payments(order.id)] == [1250]


def test_notifications_are_signed_as_paypal_signs_them() -> None:
    with receiver() as received, simulated("paypal", notify=received.url) as simulator:
        shop = Shop(simulator)
        hold = shop.authorised()
        came = received.wait_for(2)
        assert [json.loads(one.body)["event_type"] for one in came] == [
            "CHECKOUT.ORDER.APPROVED",
            "PAYMENT.AUTHORIZATION.CREATED",
        ]
        certificate = httpx.get(f"{simulator.url}/v1/notifications/certs/CERT-simulator").content
        for one in came:
            is_signed(one, certificate)
            assert verified(simulator, one) == "SUCCESS"
        simulator.control("forge", reference=hold)
        forged = received.wait_for(3)[-1]
        with pytest.raises(InvalidSignature):
            is_signed(forged, certificate)
        assert verified(simulator, forged) == "FAILURE"


def is_signed(one: Received, certificate: bytes) -> None:
    headers = one.headers
    text = "|".join([
        headers["paypal-transmission-id"], headers["paypal-transmission-time"], WEBHOOK,
        str(zlib.crc32(one.body)),
    ])  # fmt: skip
    key = x509.load_pem_x509_certificate(certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(headers["paypal-transmission-sig"])
    key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())


def verified(simulator: Simulated, one: Received) -> str:
    """What PayPal says of a notification, whose event is sent back byte by byte."""
    names = ("auth_algo", "cert_url", "transmission_id", "transmission_sig", "transmission_time")
    told = {name: one.headers["paypal-" + name.replace("_", "-")] for name in names}
    head = json.dumps(told | {"webhook_id": WEBHOOK})[:-1]
    answer = httpx.post(
        f"{simulator.url}/v1/notifications/verify-webhook-signature",
        content=head.encode() + b', "webhook_event": ' + one.body + b"}",
        headers={
            "authorization": f"Bearer {token(simulator)}",
            "content-type": "application/json",
        },
    )
    return str(answer.json()["verification_status"])


def test_what_moved_money_is_listed(simulator: Simulated) -> None:
    shop = Shop(simulator)
    hold = shop.authorised(custom_id="listed")
    taken = shop.capture(hold, "5.00")
    shop.refund(taken.id, "1.00")
    found = shop.transactions.search_transactions(
        {"start_date": "2000-01-01T00:00:00Z", "end_date": "2100-01-01T00:00:00Z",
         "fields": "transaction_info", "page_size": 500}
    ).body  # fmt: skip
    infos = [one.transaction_info for one in found.transaction_details]
    ours = [one for one in infos if getattr(one, "custom_field", None) == "listed"]
    assert [one.transaction_event_code for one in ours] == ["T1300", "T0006", "T1107"]
    assert [one.transaction_amount.value for one in ours] == ["12.50", "5.00", "-1.00"]


def test_a_wrong_client_is_refused() -> None:
    logging.getLogger("paypalserversdk").setLevel(logging.CRITICAL)
    with simulated("paypal", credential="right") as simulator:
        with pytest.raises(Exception, match=r"OAuthToken|401"):
            client(simulator).orders.get_order({"id": "1"})
        answer = httpx.post(f"{simulator.url}/v1/oauth2/token", auth=("wrong", "secret"))
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"
