"""Notifications of Stripe are read if Stripe has signed these very bytes, and not long ago."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator

import pytest
import stripe
from tests.providers.accounts import STRIPE_SECRET, at_stripe
from tests.providers.conftest import ORDER

from entrepot.core.notice import Topics
from entrepot.providers.payment import Notification
from entrepot.providers.stripe import StripeProvider

URL = "http://127.0.0.1:9"  # nobody is asked


@pytest.fixture
async def provider() -> AsyncIterator[StripeProvider]:
    made = StripeProvider(at_stripe(URL))
    yield made
    await made.close()


EVENT = json.dumps({
    "id": "evt_1", "object": "event", "type": "charge.refunded", "data": {"object": {
        "id": "ch_1", "object": "charge", "payment_intent": "pi_1",
        "metadata": {"entrepot_order": ORDER}}},
})  # fmt: skip


def signed(body: str, secret: str = STRIPE_SECRET, at: int | None = None) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(body, secret, at)
    return {"stripe-signature": header}


async def test_a_notification_is_read_for_what_it_names(provider: StripeProvider) -> None:
    read = provider.read_notification(signed(EVENT), EVENT.encode())
    assert read == Notification("evt_1", ("ch_1", "pi_1", ORDER), Topics(refund=True))
    for type_, of_money, of_hold in (
        ("payment_intent.succeeded", True, True), ("charge.captured", True, True),
        ("payment_intent.amount_capturable_updated", True, False),
        ("payment_intent.canceled", False, True), ("charge.expired", False, True),
    ):  # fmt: skip
        told = EVENT.replace("charge.refunded", type_)
        read = provider.read_notification(signed(told), told.encode())
        assert read is not None
        assert (read.topics.money, read.topics.hold) == (of_money, of_hold), type_


@pytest.mark.parametrize(
    ("status", "failed"),
    [("failed", True), ("canceled", True), ("succeeded", False), ("pending", False)],
)
async def test_a_refund_that_failed_is_told(
    provider: StripeProvider, status: str, failed: bool
) -> None:
    about = {"id": "re_1", "object": "refund", "payment_intent": "pi_1", "status": status}
    event = {"id": "evt_1", "object": "event", "type": "refund.updated", "data": {"object": about}}
    told = json.dumps(event)
    read = provider.read_notification(signed(told), told.encode())
    assert read == Notification("evt_1", ("re_1", "pi_1"), Topics(failure=failed, refund=True))


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, EVENT),
        (signed(EVENT, "whsec_other"), EVENT),
        (signed(EVENT), EVENT.replace("pi_1", "pi_2")),
        (signed(EVENT, at=int(time.time()) - 301), EVENT),
        ({"stripe-signature": "t=,v1="}, EVENT),
        ({"stripe-signature": "garbage"}, EVENT),
        (signed("[]"), "[]"),
        (signed("{}"), "{}"),
        (signed("nothing"), "nothing"),
    ],
)
async def test_a_forged_notification_is_none(
    provider: StripeProvider, headers: dict[str, str], body: str
) -> None:
    assert provider.read_notification(headers, body.encode()) is None
    assert provider.read_notification(headers, b"\xff\xfe") is None


async def test_an_account_without_a_signing_secret_reads_none() -> None:
    without = StripeProvider(at_stripe(URL) | {"webhook_secret": ""})
    assert without.read_notification(signed(EVENT, ""), EVENT.encode()) is None
    await without.close()


async def test_a_dispute_is_told(provider: StripeProvider) -> None:
    about = {"id": "du_1", "object": "dispute", "payment_intent": "pi_1", "status": "won"}
    for type_ in ("charge.dispute.created", "charge.dispute.closed"):
        event = {"id": "evt_1", "object": "event", "type": type_, "data": {"object": about}}
        told = json.dumps(event)
        read = provider.read_notification(signed(told), told.encode())
        assert read == Notification("evt_1", ("du_1", "pi_1"), Topics(dispute=True))
