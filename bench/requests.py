"""The requests that the load generator sends: a body with holes that it fills anew each time."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from entrepot.testing.clients import konvo_order

KEY = "@KEY@"
# A text that rises from request to request, as the beginnings of a provider's references do.
RISING = "@RISING@"
CUSTOMER = "@CUSTOMER@"

Credentials = dict[str, Any]

# The form of what `entrepot demo --json` prints, for a handler that looks at none of it.
NOBODY: Credentials = {
    "synq": {
        "token": "t" * 43,
        "tenant_id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "org_id": "01890a5d-ac96-774b-bcce-b302099a8058",
        "location_id": "01890a5d-ac96-774b-bcce-b302099a8059",
    },
    "variants": [
        {"id": "01890a5d-ac96-774b-bcce-b302099a8060", "sku": "MUG-01"},
        {"id": "01890a5d-ac96-774b-bcce-b302099a8061", "sku": "TEE-M-BLUE"},
    ],
}


@dataclasses.dataclass(frozen=True)
class Request:
    """A POST of one order, or of an array of `array` orders.

    `order` is JSON text; in each order `@KEY@` becomes a text that no other order has,
    `@CUSTOMER@` one of 1,000 numbers, and `@RISING@` a later text than in the order before.
    `key_header` names a header that carries the key as well.
    """

    name: str
    path: str
    headers: dict[str, str]
    order: str
    array: int = 0
    key_header: str = ""

    @property
    def orders(self) -> int:
        """How many orders one request places."""
        return self.array or 1


def synq(
    told: Credentials,
    *,
    places: tuple[int, ...] = (0, 1),
    quantity: int = 2,
    reference: str = f"pi_3{RISING}{KEY}",
) -> Request:
    """Synq: one order with a line for each of the variants at `places`, backed by stock.

    The payment reference tells the sandbox provider what to do. One payment pays one order, so
    a reference has the hole for the key; before the hole stands the time, as in Stripe's.
    """
    credentials, variants = told["synq"], told["variants"]
    lines = [
        {
            "variant_id": variants[place]["id"],
            "location_id": credentials["location_id"],
            "sku": variants[place]["sku"],
            "product_title": "Stoneware mug",
            "variant_title": "blue",
            "unit_price": 12.50,
            "quantity": quantity,
        }
        for place in places
    ]
    body = {
        "idempotency_key": KEY,
        "payment_provider": "stripe",
        "payment_reference": reference,
        "currency": "USD",
        "channel": "web",
        "source_platform": "shopify",
        "items": lines,
    }
    headers = {
        "Authorization": f"Bearer {credentials['token']}",
        "X-Tenant-ID": credentials["tenant_id"],
        "X-Org-ID": credentials["org_id"],
    }
    name = f"Synq POST, {'two lines' if len(places) == 2 else 'one line'}"
    return Request(name, "/api/v1/oms/orders", headers, json.dumps(body))


def konvo(told: Credentials, array: int) -> Request:
    """Konvo: an array of orders of one line each, by 1,000 customers who come again."""
    customer = {
        "id": f"customer-{CUSTOMER}",
        "firstName": "Ada",
        "lastName": "Byron",
        "userIds": [{"type": "email", "id": f"ada-{CUSTOMER}@example.org"}],
    }
    body = konvo_order(id=KEY, externalId=KEY, customer=customer)
    headers = {"x-api-key": told["konvo"]["api_key"]}
    return Request(f"Konvo POST, array of {array}", "/orders", headers, json.dumps(body), array)


def polinate(told: Credentials) -> Request:
    """Polinate: one order of two lines, with an idempotency key."""
    lines = [
        {
            "itemVariantId": "var_" + variant["id"].replace("-", ""),
            "quantity": 2,
            "price": "10.25",
        }
        for variant in told["variants"][:2]
    ]
    body = {
        "currency": "USD",
        "expectedDeliveryAt": "2030-01-15T10:30:00.000Z",
        "externalReference": KEY,
        "orderItems": lines,
    }
    headers = {
        "X-Business-Id": told["polinate"]["business_id"],
        "X-API-Key": told["polinate"]["api_key"],
    }
    return Request(
        "Polinate POST, two lines",
        "/api/v1/orders",
        headers,
        json.dumps(body),
        key_header="Idempotency-Key",
    )


def every(told: Credentials) -> list[Request]:
    """One request a dialect, and Konvo's once more with an array of 100."""
    return [synq(told), polinate(told), konvo(told, 1), konvo(told, 100)]
