"""Calls of another shape than the services': each simulator refuses them in its service's words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from entrepot.testing.simulated import Simulated, simulated

ODD: list[Any] = [None, "", "\u00b2", "9" * 30, -1, 1.5, True, [], [[]], {}, {"a": {}}, "\x00"]


@pytest.fixture(scope="module", params=["stripe", "adyen", "paypal"])
def service(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def simulator(service: str) -> Iterator[Simulated]:
    with simulated(service) as running:
        yield running


ADYEN = {
    "amount": {"value": 1250, "currency": "EUR"}, "reference": "o-1", "merchantAccount": "Demo",
    "paymentMethod": {"type": "scheme", "storedPaymentMethodId": "8415718415718415"},
    "shopperReference": "shopper", "shopperInteraction": "ContAuth",
}  # fmt: skip
PAYPAL = {
    "intent": "AUTHORIZE",
    "purchase_units": [{"amount": {"currency_code": "EUR", "value": "12.50"}, "custom_id": "o-1"}],
    "payment_source": {"token": {"id": "TOKEN", "type": "BILLING_AGREEMENT"}},
}
STRIPE = [
    b"amount=\xc2\xb2&currency=eur", b"amount=%C2%B2&currency=eur", b"amount=x&currency=eur",
    b"amount=1&currency=eur&metadata=x", b"a[%C2%B2]=1", b"amount[]=1&currency=eur", b"%ff=%ff",
    b"amount=1&currency[a]=eur&confirm=true&payment_method[]=pm",
]  # fmt: skip


def spoilt(whole: Any, odd: Any) -> Iterator[Any]:
    """The body with one member after the other in another shape, at every depth."""
    yield odd
    if isinstance(whole, dict):
        for name, inner in whole.items():
            for other in spoilt(inner, odd):
                yield whole | {name: other}
    elif isinstance(whole, list):
        yield from ([other] for other in spoilt(whole[0], odd))


def calls(service: str) -> Iterator[tuple[str, str, bytes, str]]:
    """The method, path, body and media type of each call."""
    if service == "stripe":
        for body in STRIPE:
            yield "POST", "/v1/payment_intents", body, "application/x-www-form-urlencoded"
        for query in ("limit=x", "limit=%C2%B2", "created[gte]=x", "created=x"):
            yield "GET", f"/v1/payment_intents?{query}", b"", ""
            yield "GET", f"/v1/refunds?{query}", b"", ""
        return
    path = {"adyen": "/v71/payments", "paypal": "/v2/checkout/orders"}[service]
    whole = {"adyen": ADYEN, "paypal": PAYPAL}[service]
    for odd in ODD:
        for body in spoilt(whole, odd):
            yield "POST", path, json.dumps(body).encode(), "application/json"
    yield "POST", path, b"[" * 100_000, "application/json"


def token(http: httpx.Client) -> str:
    asked = {"grant_type": "client_credentials"}
    answer = http.post("/v1/oauth2/token", data=asked, auth=("id", "secret"))
    return str(answer.json()["access_token"])


def test_no_call_of_another_shape_is_a_fault_of_the_simulator(
    simulator: Simulated, service: str
) -> None:
    with httpx.Client(base_url=simulator.url) as http:
        http.headers["authorization"] = f"Bearer {token(http) if service == 'paypal' else 'key'}"
        for method, path, body, media in calls(service):
            headers = {"content-type": media}
            answer = http.request(method, path, content=body, headers=headers)
            assert answer.status_code < 500, (path, body[:200], answer.text)
            assert "Traceback" not in answer.text
    assert not [one for one in simulator.ledger()["calls"] if one["status"] == 500]
