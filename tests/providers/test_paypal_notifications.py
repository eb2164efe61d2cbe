"""Notifications of PayPal are read if PayPal has signed these very bytes for this webhook."""

from __future__ import annotations

import base64
import datetime as dt
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from tests.providers.accounts import PAYPAL_WEBHOOK, Told, at_paypal
from tests.providers.conftest import ORDER
from tests.providers.vendor import Answer, Vendor

from entrepot.core.notice import Topics
from entrepot.providers.payment import Notification
from entrepot.providers.paypal import PayPalProvider

BODY = json.dumps({"id": "WH-EVENT-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": {
    "id": "CAPT-1", "custom_id": ORDER,
    "supplementary_data": {"related_ids": {"order_id": "ORDER-1", "authorization_id": "AUTH-1"}},
}}).encode()  # fmt: skip


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "messages.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key().public_key()).serial_number(1)
        .not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
        .sign(key(), SHA256())
    )  # fmt: skip
    return made.public_bytes(Encoding.PEM)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor(Answer(200, certificate())) as found:
        yield found


@pytest.fixture
async def provider(vendor: Vendor) -> AsyncIterator[PayPalProvider]:
    made = PayPalProvider(at_paypal(vendor.url), 1, Told())
    yield made
    await made.close()


def signed(vendor: Vendor, body: bytes = BODY, webhook: str = PAYPAL_WEBHOOK) -> dict[str, str]:
    text = f"T-1|2026-01-01T00:00:00Z|{webhook}|{zlib.crc32(body)}".encode()
    signature = key().sign(text, padding.PKCS1v15(), SHA256())
    return {
        "paypal-transmission-id": "T-1", "paypal-transmission-time": "2026-01-01T00:00:00Z",
        "paypal-cert-url": f"{vendor.url}/v1/notifications/certs/CERT-1",
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-transmission-sig": base64.b64encode(signature).decode(),
    }  # fmt: skip


async def test_a_notification_is_read_for_what_it_names(
    vendor: Vendor, provider: PayPalProvider
) -> None:
    for _ in range(2):
        read = provider.read_notification(signed(vendor), BODY)
        named = ("CAPT-1", "ORDER-1", "AUTH-1", ORDER)
        assert read == Notification("WH-EVENT-1", named, Topics(money=True, hold=True))
    assert vendor.calls == ["GET /v1/notifications/certs/CERT-1"], "the certificate is kept"
    voided = BODY.replace(b"CAPTURE.COMPLETED", b"AUTHORIZATION.VOIDED")
    read = provider.read_notification(signed(vendor, voided), voided)
    assert read is not None
    assert (read.topics.money, read.topics.hold) == (False, True)


async def test_a_refund_names_the_capture_that_its_link_leads_to(
    vendor: Vendor, provider: PayPalProvider
) -> None:
    links = [
        {"rel": "self", "href": f"{vendor.url}/v2/payments/refunds/REFU-1"},
        {"rel": "up", "href": f"{vendor.url}/v2/payments/captures/CAPT-1"},
    ]
    told = {"id": "WH-2", "event_type": "PAYMENT.CAPTURE.REVERSED",
            "resource": {"id": "REFU-1", "links": links}}  # fmt: skip
    body = json.dumps(told).encode()
    read = provider.read_notification(signed(vendor, body), body)
    assert read == Notification("WH-2", ("REFU-1", "CAPT-1"), Topics(failure=True, refund=True))


async def test_a_notification_of_a_dispute_names_what_was_taken(
    vendor: Vendor, provider: PayPalProvider
) -> None:
    about = {"dispute_id": "PP-D-1", "disputed_transactions": [{"seller_transaction_id": "CAPT-1"}]}
    told = {"id": "WH-3", "event_type": "CUSTOMER.DISPUTE.CREATED", "resource": about}
    body = json.dumps(told).encode()
    read = provider.read_notification(signed(vendor, body), body)
    assert read == Notification("WH-3", ("CAPT-1",), Topics(dispute=True))


@pytest.mark.parametrize(
    ("event", "failed"),
    [
        ("CAPTURE.DENIED", True), ("CAPTURE.REVERSED", True), ("CAPTURE.DECLINED", True),
        ("REFUND.FAILED", True), ("CAPTURE.COMPLETED", False), ("CAPTURE.REFUNDED", False),
    ],
)  # fmt: skip
async def test_money_that_did_not_move_after_all_is_told(
    vendor: Vendor, provider: PayPalProvider, event: str, failed: bool
) -> None:
    told = BODY.replace(b"CAPTURE.COMPLETED", event.encode())
    read = provider.read_notification(signed(vendor, told), told)
    assert read is not None
    assert read.topics.failure is failed


async def test_a_forged_notification_is_none(vendor: Vendor, provider: PayPalProvider) -> None:
    right = signed(vendor)
    for headers, body in (
        ({}, BODY),
        (right, BODY.replace(b"CAPT-1", b"CAPT-2")),
        (signed(vendor, webhook="WH-2"), BODY),
        (right | {"paypal-transmission-sig": "bm8="}, BODY),
        (right | {"paypal-transmission-sig": "no base64"}, BODY),
        (right | {"paypal-auth-algo": "none"}, BODY),
        (signed(vendor, b"[]"), b"[]"),
    ):
        assert provider.read_notification(headers, body) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/cert", "http://api.paypal.com/cert", "https://api.paypal.com:99/cert",
        "https://api.paypal.com.evil.example/cert", "file:///etc/passwd", "http://[", "",
        "https://api.paypal.com@evil.example/cert",
    ],
)  # fmt: skip
async def test_a_certificate_comes_from_paypal_alone(
    vendor: Vendor, provider: PayPalProvider, address: str
) -> None:
    headers = signed(vendor) | {"paypal-cert-url": address}
    assert provider.read_notification(headers, BODY) is None
    assert vendor.asked == []


async def test_what_is_no_certificate_signs_nothing(
    vendor: Vendor, provider: PayPalProvider
) -> None:
    for answer in (Answer(404, {}), Answer(200, b"no certificate")):
        vendor.script = [answer]
        assert provider.read_notification(signed(vendor), BODY) is None


async def test_an_account_without_a_webhook_reads_none(vendor: Vendor) -> None:
    without = PayPalProvider(at_paypal(vendor.url) | {"webhook_id": ""}, 1, Told())
    assert without.read_notification(signed(vendor, webhook=""), BODY) is None
    await without.close()
