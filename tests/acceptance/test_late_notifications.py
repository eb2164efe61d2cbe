"""Money that comes after an order's end, which the service's own reference alone names: each
service signs its notification, and a running server calls an operator.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from Adyen.util import generate_notification_sig
from tests.faults.customer import Customer
from tests.faults.shop import ACCOUNTS, KEYS, TOTAL, Shop

from entrepot.testing.clients import accepted, speaking
from entrepot.testing.server import Server, eventually, sqlite_url
from entrepot.testing.simulated import simulated

AMOUNT = {"value": "39.85", "currency_code": "EUR"}


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shop]]:
    """One organization with an account at each service."""
    folder: Path = tmp_path_factory.mktemp("shops")
    with ExitStack() as stack:
        server = stack.enter_context(
            Server(sqlite_url(folder), folder, env={"ENTREPOT_SEAL_KEYS": KEYS})
        )
        world, found = stack.enter_context(speaking(server)), {}
        for service, members in ACCOUNTS.items():
            file = folder / f"{service}.toml"
            file.write_text("".join(f'{name} = "{value}"\n' for name, value in members.items()))
            shop = Shop(server, world, stack.enter_context(simulated(service)), service)
            at = ("--from", str(file), "--base-url", shop.simulator.url)
            server.command("provider", "add", "Demo", service, *at)
            shop.simulator.control("notifications", url=shop.notifications)
            found[service] = shop
        yield found
        server.verify()


def explained(shop: Shop, order_id: str) -> Any:
    return accepted(shop.world.native.send("GET", f"/orders/{order_id}/explain"), 200)


def placed(shop: Shop, reference: str, status: str) -> str:
    """The id of an order with a payment of the shop's own pages, once it stands so."""
    body = shop.world.synq_order(reference, payment_provider=shop.service)
    order_id: str = shop.world.synq.create(body).json()["order_id"]
    shop.world.synq.until(order_id, status)
    return order_id


def is_called(shop: Shop, order_id: str, told: str) -> None:
    """An operator is called for the order, and told of the money."""

    def parked() -> bool:
        return bool(explained(shop, order_id)["held_by"] == "operator")

    eventually(parked, "an operator is called")
    sentence = explained(shop, order_id)["sentence"]
    assert f"{shop.service} holds 39.85 EUR that the ended order needs no more" in sentence
    assert told in sentence


def at_stripe(shop: Shop) -> tuple[str, str]:
    """The customer pays a declined PaymentIntent with another card; it does not name the order."""
    customer = Customer(shop)
    customer.pays_with("pm_card_chargeDeclined")
    order_id = placed(shop, customer.intent, "failed")
    customer._intents.update(customer.intent, {"metadata": {"entrepot_order": ""}})
    customer.pays_with("pm_card_visa")
    return order_id, customer.intent


def at_adyen(shop: Shop) -> tuple[str, str]:
    """Adyen refuses a payment of the shop's checkout, and authorises it after all."""
    members = ACCOUNTS["adyen"]
    usual = {"merchantAccount": members["merchant_account"], "reference": "basket-1"}
    amount = {"currency": "EUR", "value": TOTAL}
    method = {"type": "scheme", "holderName": "DECLINED", "storedPaymentMethodId": "1"}
    told = httpx.post(
        f"{shop.simulator.url}/v72/payments", headers={"x-api-key": members["api_key"]},
        json={**usual, "amount": amount, "paymentMethod": method},
    ).json()  # fmt: skip
    psp = told["pspReference"]
    order_id = placed(shop, psp, "failed")
    said: dict[str, Any] = {
        "pspReference": psp, "originalReference": "", "merchantReference": "basket-1",
        "merchantAccountCode": members["merchant_account"], "amount": amount,
        "eventCode": "AUTHORISATION", "success": "true", "reason": "",
    }  # fmt: skip
    signature = generate_notification_sig(said, members["hmac_key"]).decode()
    said["additionalData"] = {"hmacSignature": signature}
    items = [{"NotificationRequestItem": said}]
    sent = httpx.post(shop.notifications, json={"live": "false", "notificationItems": items})
    assert sent.status_code == 200
    return order_id, psp


def access_token(url: str) -> str:
    """A token of the simulator of PayPal."""
    client = base64.b64encode(b"app:hidden").decode()
    answer = httpx.post(
        f"{url}/v1/oauth2/token", data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {client}"},
    )  # fmt: skip
    return str(answer.json()["access_token"])


def at_paypal(shop: Shop) -> tuple[str, str]:
    """The payer approves PayPal's order once ours is cancelled, and the shop's pages authorise."""
    url = shop.simulator.url
    headers = {"Authorization": f"Bearer {access_token(url)}", "Prefer": "return=representation"}
    unit = {"amount": AMOUNT, "custom_id": "basket-1"}
    body = {"intent": "AUTHORIZE", "purchase_units": [unit]}
    made = httpx.post(f"{url}/v2/checkout/orders", json=body, headers=headers).json()["id"]
    order_id = placed(shop, made, "pending_payment")
    eventually(lambda: "notification" in explained(shop, order_id)["sentence"], "PayPal was asked")
    shop.cancelled(order_id)
    let_go = "SELECT count(*) FROM orders WHERE payment = 'voided'"
    eventually(lambda: shop.server.number(let_go) == 1, "PayPal was told to keep no money")
    shop.simulator.control("settle", reference=made, outcome="authorised")
    paid = httpx.post(f"{url}/v2/checkout/orders/{made}/authorize", json={}, headers=headers)
    held: str = paid.json()["purchase_units"][0]["payments"]["authorizations"][0]["id"]
    return order_id, held


@pytest.mark.parametrize("pays_late", [at_stripe, at_adyen, at_paypal])
def test_money_that_only_the_services_reference_names_calls_an_operator(
    shops: dict[str, Shop], pays_late: Any
) -> None:
    shop = shops[pays_late.__name__.removeprefix("at_")]
    order_id, named = pays_late(shop)
    is_called(shop, order_id, named)
    told = json.dumps(shop.simulator.ledger()["notifications"][-1])
    assert order_id not in told, "the notification names the order, and the test shows nothing"
