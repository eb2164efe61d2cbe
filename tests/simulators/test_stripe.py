"""Stripe's own client, unchanged, against its simulator."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from tests.simulators.receiving import receiver

from entrepot.testing.server import eventually
from entrepot.testing.simulated import Simulated, SimulatorProcess, simulated

SECRET = "whsec_simulator"
HOUR, DAY = 3600, 86_400


def client(simulator: Simulated, key: str = "sk_test_1") -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": simulator.url},
        max_network_retries=0,
    )


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulated]:
    with simulated("stripe") as running:
        yield running


@pytest.fixture
def shop(simulator: Simulated) -> stripe.StripeClient:
    return client(simulator)


def made(shop: stripe.StripeClient, key: str | None = None, **changes: Any) -> stripe.PaymentIntent:
    params: Any = {
        "amount": 1250, "currency": "eur", "capture_method": "manual",
        "payment_method": "pm_card_visa", "metadata": {"order": "o-1"},
    }  # fmt: skip
    return shop.v1.payment_intents.create(
        params | changes, {"idempotency_key": key} if key else None
    )


def held(shop: stripe.StripeClient, **changes: Any) -> stripe.PaymentIntent:
    return shop.v1.payment_intents.confirm(made(shop, **changes).id)


def sums(simulator: Simulated, intent: stripe.PaymentIntent) -> tuple[int, int, int]:
    [payment] = simulator.payments(intent.id)
    return payment["held"], payment["taken"], payment["refunded"]


def test_a_payment_is_held_captured_in_part_and_refunded(
    simulator: Simulated, shop: stripe.StripeClient
) -> None:
    intent = made(shop)
    assert intent.status == "requires_confirmation"
    assert simulator.payments(intent.id) == [], "no money moves before the confirmation"
    assert shop.v1.payment_intents.confirm(intent.id).status == "requires_capture"
    assert sums(simulator, intent) == (1250, 0, 0)
    taken = shop.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1000})
    assert (taken.status, taken.amount_received) == ("succeeded", 1000)
    assert sums(simulator, intent) == (0, 1000, 0), "the rest of the hold is let go"
    refund = shop.v1.refunds.create({"payment_intent": intent.id, "amount": 400})
    assert refund.status == "succeeded"
    assert sums(simulator, intent) == (0, 600, 400)
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.refunds.create({"payment_intent": intent.id, "amount": 601})
    shop.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    read = shop.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    charge = read.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.amount_refunded == 1000
    listed = shop.v1.refunds.list({"payment_intent": intent.id}).data
    assert [one.amount for one in listed] == [600, 400]
    assert shop.v1.charges.retrieve(charge.id).refunded is True
    assert shop.v1.refunds.retrieve(refund.id).amount == 400


@pytest.mark.parametrize("by", ["reference", "control"])
def test_a_refund_that_was_done_fails_later(
    simulator: Simulated, shop: stripe.StripeClient, by: str
) -> None:
    method = "pm_sim_undone_refund" if by == "reference" else "pm_card_visa"
    intent = held(shop, payment_method=method)
    shop.v1.payment_intents.capture(intent.id)
    refund = shop.v1.refunds.create({"payment_intent": intent.id, "amount": 400})
    assert refund.status == "succeeded", "that is what was told at first"
    if by == "control":
        assert simulator.undo("capture", intent.id) == 0, "a capture at Stripe stays done"
        assert simulator.undo("refund", intent.id) == 1
    assert shop.v1.refunds.retrieve(refund.id).status == "failed"
    assert sums(simulator, intent) == (0, 1250, 0)
    told = [one.type for one in shop.v1.events.list({"limit": 2}).data]
    assert "refund.failed" in told


def test_a_charge_is_disputed(simulator: Simulated, shop: stripe.StripeClient) -> None:
    intent = held(shop)
    assert simulator.dispute("won", intent.id) == 0
    shop.v1.payment_intents.capture(intent.id)
    for outcome, status in (("opened", "needs_response"), ("won", "won")):
        assert simulator.dispute(outcome, intent.id) == 1
        [one] = shop.v1.disputes.list({"payment_intent": intent.id}).data
        assert one.status == status
        read = shop.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
        assert isinstance(read.latest_charge, stripe.Charge)
        assert read.latest_charge.disputed is True, "for ever"


def test_a_payment_is_captured_in_several_parts_where_it_asked_for_that(
    simulator: Simulated, shop: stripe.StripeClient
) -> None:
    options = {"card": {"request_multicapture": "if_available"}}
    intent = held(shop, payment_method_options=options)
    part = shop.v1.payment_intents.capture(
        intent.id, {"amount_to_capture": 500, "final_capture": False}
    )
    assert (part.status, part.amount_capturable) == ("requires_capture", 750)
    assert sums(simulator, intent) == (750, 500, 0)
    shop.v1.payment_intents.capture(intent.id)
    assert sums(simulator, intent) == (0, 1250, 0)
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.payment_intents.capture(
            held(shop).id, {"amount_to_capture": 500, "final_capture": False}
        )


def test_what_a_state_forbids_is_refused_with_the_state(shop: stripe.StripeClient) -> None:
    intent = held(shop)
    assert shop.v1.payment_intents.cancel(intent.id).status == "canceled"
    for forbidden in (
        lambda: shop.v1.payment_intents.cancel(intent.id),
        lambda: shop.v1.payment_intents.capture(intent.id),
        lambda: shop.v1.payment_intents.confirm(intent.id),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            forbidden()
        assert refused.value.code == "payment_intent_unexpected_state"
        told: Any = refused.value.json_body
        assert told["error"]["payment_intent"]["status"] == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        shop.v1.payment_intents.retrieve("pi_nobody")
    assert (unknown.value.http_status, unknown.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_sim_declined_as_lost_card", "lost_card"),
    ],
)
def test_a_card_is_declined_with_the_services_code(
    simulator: Simulated, shop: stripe.StripeClient, method: str, code: str
) -> None:
    intent = made(shop, payment_method=method)
    with pytest.raises(stripe.CardError) as declined:
        shop.v1.payment_intents.confirm(intent.id)
    told: Any = declined.value.json_body
    assert told["error"]["decline_code"] == code
    assert shop.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"
    assert sums(simulator, intent) == (0, 0, 0)


def test_a_key_is_answered_once_refused_with_other_content_and_forgotten(
    simulator: Simulated, shop: stripe.StripeClient
) -> None:
    intent = made(shop, "key-1")
    again = made(shop, "key-1")
    assert again.id == intent.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        made(shop, "key-1", amount=1251)
    simulator.control("clock", advance_seconds=23 * HOUR)
    assert made(shop, "key-1").id == intent.id
    simulator.control("clock", advance_seconds=2 * HOUR)
    assert made(shop, "key-1").id != intent.id


def test_a_hold_ends_after_seven_days(simulator: Simulated, shop: stripe.StripeClient) -> None:
    intent = held(shop)
    simulator.control("clock", advance_seconds=7 * DAY + 1)
    read = shop.v1.payment_intents.retrieve(intent.id)
    assert (read.status, read.cancellation_reason) == ("canceled", "automatic")
    assert sums(simulator, intent) == (0, 0, 0)


def test_what_a_client_lists_and_searches(shop: stripe.StripeClient) -> None:
    first = made(shop, metadata={"key": "search-1"}).id
    second = made(shop, metadata={"key": "search-2"}).id
    found = shop.v1.payment_intents.search({"query": "metadata['key']:'search-1'"}).data
    assert [one.id for one in found] == [first]
    page = shop.v1.payment_intents.list({"limit": 1})
    assert [one.id for one in page.data] == [second]
    assert page.has_more is True
    after = shop.v1.payment_intents.list({"limit": 1, "starting_after": second})
    assert [one.id for one in after.data] == [first]
    late = shop.v1.payment_intents.list({"created": {"gte": 4_000_000_000}})
    assert late.data == []


@pytest.mark.parametrize(
    ("does", "error", "status", "kept"),
    [
        ("lost", stripe.APIConnectionError, None, 1250),
        ("cut", stripe.APIConnectionError, None, 0),
        ("charged", stripe.APIError, 500, 1250),
        ("failed", stripe.APIError, 500, 0),
        ("unavailable", stripe.APIError, 503, 0),
        ("busy", stripe.InvalidRequestError, 409, 0),
        ("limited", stripe.RateLimitError, 429, 0),
    ],
)
def test_a_script_decides_how_a_call_goes(
    simulator: Simulated,
    shop: stripe.StripeClient,
    does: str,
    error: type[stripe.StripeError],
    status: int | None,
    kept: int,
) -> None:
    intent = made(shop, payment_method=f"pm_sim_{does}")
    options: Any = {"idempotency_key": f"script-{does}"}
    with pytest.raises(stripe.StripeError) as went:
        shop.v1.payment_intents.confirm(intent.id, {}, options)
    assert went.value.http_status == status
    if does == "limited":
        assert went.value.headers["retry-after"] == "1"
    if does != "busy":  # the client has no class of its own for 409
        assert isinstance(went.value, error)
    found = simulator.payments(intent.id)
    assert [one["held"] for one in found] == ([kept] if kept else [])
    if does in ("charged", "failed"):
        with pytest.raises(stripe.APIError) as saved:
            shop.v1.payment_intents.confirm(intent.id, {}, options)
        assert saved.value.headers["idempotent-replayed"] == "true"
    else:
        again = shop.v1.payment_intents.confirm(intent.id, {}, options)
        assert again.status == "requires_capture"
        assert sums(simulator, intent) == (1250, 0, 0)


def test_a_control_call_decides_how_the_next_calls_go(
    simulator: Simulated, shop: stripe.StripeClient
) -> None:
    intent = held(shop)
    simulator.script("capture", "lost", times=2)
    for _ in range(2):
        with pytest.raises(stripe.APIConnectionError):
            shop.v1.payment_intents.capture(intent.id, {}, {"idempotency_key": "twice"})
    shop.v1.payment_intents.capture(intent.id, {}, {"idempotency_key": "twice"})
    assert sums(simulator, intent) == (0, 1250, 0)


def test_a_key_that_is_in_use_is_refused(simulator: Simulated, shop: stripe.StripeClient) -> None:
    intent = made(shop)
    simulator.script("authorise", "slow", seconds=2)
    options: Any = {"idempotency_key": "slow"}
    slow = threading.Thread(
        target=lambda: client(simulator).v1.payment_intents.confirm(intent.id, {}, options)
    )
    slow.start()
    eventually(
        lambda: any(one["key"] == "slow" for one in simulator.called("authorise")), "it came"
    )
    with pytest.raises(stripe.StripeError) as refused:
        shop.v1.payment_intents.confirm(intent.id, {}, options)
    assert refused.value.http_status == 409
    slow.join()
    assert sums(simulator, intent) == (1250, 0, 0)


def test_a_customer_who_must_act_is_told_of_later() -> None:
    with receiver() as received, simulated("stripe", notify=received.url) as simulator:
        shop = client(simulator)
        intent = held(shop, payment_method="pm_sim_pending")
        assert intent.status == "requires_action"
        assert simulator.control("settle", reference=intent.id, outcome="authorised") == {
            "settled": 1
        }
        came = received.wait_for(3)
        events = [
            stripe.Webhook.construct_event(one.body, one.headers["stripe-signature"], SECRET)
            for one in came
        ]
        assert [one.type for one in events] == [
            "payment_intent.created",
            "payment_intent.requires_action",
            "payment_intent.amount_capturable_updated",
        ]
        listed = shop.v1.events.list({"limit": 1}).data
        assert listed[0].id == events[-1].id
        assert shop.v1.payment_intents.retrieve(intent.id).status == "requires_capture"


def test_a_receiver_that_is_killed_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end may come between its taking the connection and the transport's looking at it."""
    post, ends = httpx.AsyncClient.post, [AttributeError("getpeername")]

    async def posted(*words: Any, **more: Any) -> httpx.Response:
        if ends:
            raise ends.pop()
        return await post(*words, **more)

    monkeypatch.setattr(httpx.AsyncClient, "post", posted)
    with receiver() as received, simulated("stripe", notify=received.url) as simulator:
        made(client(simulator))
        received.wait_for(1)


def test_notifications_are_doubled_held_reversed_late_and_forged() -> None:
    with receiver() as received, simulated("stripe", notify=received.url) as simulator:
        shop = client(simulator)
        received.statuses = [500]
        simulator.control("notifications", mode="doubled")
        made(shop)
        ids = [one.body for one in received.wait_for(3)]
        assert len(set(ids)) == 1, "one was refused and sent again, and each leaves twice"
        simulator.control("notifications", mode="held")
        intent = held(shop)
        assert simulator.control("release", reversed=True, times=2) == {"statuses": [200] * 4}
        types = [
            stripe.Event.construct_from(json.loads(one.body), "k").type for one in received.came
        ]
        assert types[3:] == [
            "payment_intent.amount_capturable_updated",
            "payment_intent.amount_capturable_updated",
            "payment_intent.created",
            "payment_intent.created",
        ]
        simulator.control("forge", reference=intent.id)
        forged = received.came[-1]
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(forged.body, forged.headers["stripe-signature"], SECRET)
        simulator.control("notifications", mode="usual", late_seconds=3600)
        shop.v1.payment_intents.cancel(intent.id)
        [late] = [one for one in simulator.ledger()["notifications"] if not one["sent"]]
        assert late["told"]["type"] == "payment_intent.canceled"


def test_a_wrong_key_is_refused() -> None:
    with simulated("stripe", credential="sk_test_right") as simulator:
        with pytest.raises(stripe.AuthenticationError):
            made(client(simulator))
        made(client(simulator, "sk_test_right"))


def test_a_killed_simulator_comes_back_with_its_ledger(tmp_path: Path) -> None:
    simulator = SimulatorProcess("stripe", tmp_path)
    simulator.start()
    try:
        shop = client(simulator)
        intent = held(shop, key="before")
        simulator.control("clock", advance_seconds=HOUR)
        before = simulator.ledger()
        simulator.kill()
        simulator.start()
        shop = client(simulator)
        assert made(shop, "before").id == intent.id
        assert simulator.ledger()["entries"] == before["entries"]
        assert simulator.ledger()["now"] >= before["now"]
        assert shop.v1.payment_intents.capture(intent.id).status == "succeeded"
    finally:
        if simulator.process is not None:
            simulator.kill()


def test_a_control_call_that_makes_no_sense_is_refused(simulator: Simulated) -> None:
    with pytest.raises(AssertionError, match="does must be one of"):
        simulator.script("capture", "explode")
    with pytest.raises(AssertionError, match="no such control call"):
        simulator.control("explode")
