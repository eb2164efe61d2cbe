"""What each service did and took back: the service signs its notification, its official client is
asked, and a running server's book says what the service's ledger says.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.acceptance.test_late_notifications import access_token, shops
from tests.faults.customer import Customer
from tests.faults.matrix import SERVICES
from tests.faults.shop import ACCOUNTS, TOTAL, USUAL, Shop, of_book

from entrepot.testing.clients import accepted
from entrepot.testing.server import eventually

__all__ = ["shops"]  # a fixture

PART = "10.00"
EACH = pytest.mark.parametrize("service", SERVICES)


def until(shop: Shop, order_id: str, payment: str, reason: str = "") -> None:
    """Wait until the payment of the order stands so, and the order's reason has this."""

    def stands() -> bool:
        order = shop.world.native.order(order_id)
        return order["payment"] == payment and reason in (order["reason"] or "")

    eventually(stands, f"{payment}, {reason}")


def sent(shop: Shop, order_id: str, what: str, **body: Any) -> None:
    accepted(shop.world.native.send("POST", f"/orders/{order_id}/{what}", body))


def paid(shop: Shop, script: str = USUAL) -> str:
    """The id of an order whose money was taken."""
    order_id = shop.placed(script)
    until(shop, order_id, "authorized")
    sent(shop, order_id, "captures")
    until(shop, order_id, "paid")
    return order_id


def own_id(shop: Shop, order_id: str) -> str:
    """What the service calls the payment, in its ledger."""
    [payment] = shop.payments(order_id)
    return str(payment["payment"])


def sums(shop: Shop, order_id: str) -> tuple[int, int, int]:
    return sums_of(shop, own_id(shop, order_id))


def sums_of(shop: Shop, payment: str) -> tuple[int, int, int]:
    [one] = [one for one in shop.simulator.payments() if one["payment"] == payment]
    return one["held"], one["taken"], one["refunded"]


@EACH
def test_a_refund_that_was_done_and_fails_is_given_back_again(
    shops: dict[str, Shop], service: str
) -> None:
    shop = shops[service]
    order_id = paid(shop)
    sent(shop, order_id, "refunds", amount=PART)
    until(shop, order_id, "partially_refunded")
    assert sums(shop, order_id) == (0, TOTAL - 1000, 1000)
    code = "REFUNDED_REVERSED" if service == "adyen" else ""
    assert shop.simulator.undo("refund", code=code) == 1
    until(shop, order_id, "paid", "the refund of 10.00 EUR failed after it was done")
    assert sums(shop, order_id) == (0, TOTAL, 0)
    sent(shop, order_id, "refunds", amount=PART)
    until(shop, order_id, "partially_refunded")
    assert sums(shop, order_id) == (0, TOTAL - 1000, 1000)


@pytest.mark.parametrize("service", ["adyen", "paypal"])
def test_a_capture_that_was_done_and_fails_is_taken_again(
    shops: dict[str, Shop], service: str
) -> None:
    shop = shops[service]
    order_id = paid(shop)
    assert shop.simulator.undo("capture", own_id(shop, order_id)) == 1
    until(shop, order_id, "authorized", "failed after it was done")
    assert sums(shop, order_id) == (TOTAL, 0, 0)
    sent(shop, order_id, "captures")
    until(shop, order_id, "paid")
    assert sums(shop, order_id) == (0, TOTAL, 0)


@EACH
def test_a_dispute_is_won_and_lost_after_all(shops: dict[str, Shop], service: str) -> None:
    shop = shops[service]
    order_id = paid(shop)
    for outcome, payment in (("opened", "disputed"), ("won", "paid"), ("lost", "disputed")):
        assert shop.simulator.dispute(outcome, own_id(shop, order_id)) == 1
        until(shop, order_id, payment)
    assert sums(shop, order_id) == (0, TOTAL, 0)


def test_a_dispute_of_a_part_goes_on_while_the_rest_is_taken(shops: dict[str, Shop]) -> None:
    shop = shops["paypal"]
    order_id = shop.placed()
    until(shop, order_id, "authorized")
    sent(shop, order_id, "captures", amount=PART)
    eventually(lambda: sums(shop, order_id) == (TOTAL - 1000, 1000, 0), "a part is taken")
    payment = own_id(shop, order_id)
    assert shop.simulator.dispute("opened", payment) == 1
    until(shop, order_id, "disputed")
    sent(shop, order_id, "captures")
    eventually(lambda: sums(shop, order_id) == (0, TOTAL, 0), "the rest is taken")
    until(shop, order_id, "disputed")
    assert shop.simulator.dispute("won", payment) == 1
    until(shop, order_id, "paid")


@EACH
def test_a_hold_that_ended_at_the_service_is_known_at_once(
    shops: dict[str, Shop], service: str
) -> None:
    shop = shops[service]
    order_id = shop.placed()
    until(shop, order_id, "authorized")
    shop.simulator.control("clock", advance_seconds=30 * 86_400)
    assert sums(shop, order_id) == (0, 0, 0)
    until(shop, order_id, "voided", f"{service} holds no money of the order any more")
    shop.simulator.control("clock", ahead_seconds=0)
    shop.cancelled(order_id)
    eventually(lambda: not shop.explained(order_id)["jobs"], "nothing is left to do")
    assert shop.explained(order_id)["stands"]["payment"] == "voided"


@pytest.mark.parametrize("own", [False, True], ids=["ours", "the shop's own"])
def test_what_somebody_took_at_stripe_is_known_at_once(shops: dict[str, Shop], own: bool) -> None:
    """Stripe lets go of the rest. The order came with a means of payment, or with a PaymentIntent
    of the shop's own pages, which does not name the order.
    """
    shop = shops["stripe"]
    customer = Customer(shop)
    if own:
        customer.pays_with("pm_card_visa")
    order_id = customer.orders() if own else shop.placed()
    until(shop, order_id, "authorized")
    intent = customer.intent if own else own_id(shop, order_id)
    customer.taken_by_the_shop(intent, 1000)
    until(shop, order_id, "paid", "stripe holds no money of the order any more")
    [payment] = shop.explained(order_id)["payments"]
    assert of_book(payment) == (0, 1000, 0)
    shop.cancelled(order_id)
    until(shop, order_id, "refunded")
    assert sums_of(shop, intent) == (0, 0, 1000)


@EACH
def test_what_a_service_declined_is_named(shops: dict[str, Shop], service: str) -> None:
    shop = shops[service]
    order_id = shop.placed("sim-declined")
    until(shop, order_id, "declined")
    [payment] = shop.explained(order_id)["payments"]
    reference = payment["operations"][0]["provider_reference"]
    assert reference
    assert reference in json.dumps(shop.simulator.ledger()), "somebody finds it at the service"


def given_back_there(shop: Shop, order_id: str) -> None:
    """Somebody of the shop gives a part back at the service's own pages."""
    [payment] = shop.explained(order_id)["payments"]
    [taken] = [one for one in payment["operations"] if one["operation"] == "capture"]
    reference, url = taken["provider_reference"], shop.simulator.url
    if shop.service == "stripe":
        Customer(shop).is_given_back(reference, 1000)
    elif shop.service == "adyen":
        members = ACCOUNTS["adyen"]
        body = {
            "merchantAccount": members["merchant_account"], "reference": "by hand",
            "amount": {"currency": "EUR", "value": 1000},
        }  # fmt: skip
        headers = {"x-api-key": members["api_key"]}
        httpx.post(f"{url}/v72/payments/{reference}/refunds", json=body, headers=headers)
    else:
        body = {"amount": {"currency_code": "EUR", "value": PART}}
        headers = {"authorization": f"Bearer {access_token(url)}"}
        httpx.post(f"{url}/v2/payments/captures/{reference}/refund", json=body, headers=headers)


@EACH
def test_what_somebody_gave_back_at_the_service_is_known_at_once(
    shops: dict[str, Shop], service: str
) -> None:
    shop = shops[service]
    order_id = paid(shop)
    given_back_there(shop, order_id)
    until(shop, order_id, "partially_refunded")
    sent(shop, order_id, "refunds")
    until(shop, order_id, "refunded")
    assert sums(shop, order_id) == (0, 0, TOTAL)
