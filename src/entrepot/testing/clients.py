"""Clients of the three dialects, and builders of bodies that each of them takes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import quote

import httpx

from entrepot.testing.connection import Body as Body  # noqa: PLC0414 - for tests
from entrepot.testing.connection import Dialect, accepted, exact
from entrepot.testing.server import Server, eventually

T = TypeVar("T")
R = TypeVar("R")

SYNQ_ORDERS = "/api/v1/oms/orders"
ADJUST = "/api/v1/inventory/adjust"
POLINATE_ORDERS = "/api/v1/orders"
KONVO_ORDERS = "/orders"
NATIVE = "/v1"
SETTLED = frozenset({"confirmed", "failed"})
DELIVERY = "2030-01-15T10:30:00.000Z"


def order_number(any_id: str) -> str:
    """The 32 hex digits that every dialect's spelling of one order's id contains."""
    return any_id.removeprefix("ord_").replace("-", "").lower()


class Synq(Dialect):
    """The dialect of tenants and organizations, with `Authorization: Bearer`."""

    def __init__(self, url: str, credentials: Body) -> None:
        self.location_id: str = credentials.get("location_id", "")
        headers = {
            "Authorization": f"Bearer {credentials['token']}",
            "X-Tenant-ID": credentials["tenant_id"],
            "X-Org-ID": credentials["org_id"],
        }
        super().__init__(url, headers)

    def create(self, body: Body) -> httpx.Response:
        """Places an order."""
        return self.http.post(SYNQ_ORDERS, json=body)

    def order(self, order_id: str) -> Body:
        """The order; fails when it is not there."""
        order: Body = accepted(self.get(f"{SYNQ_ORDERS}/{order_id}"), 200)
        return order

    def orders(self) -> Iterator[Body]:
        """Every order of the organization, read page by page."""
        for offset in range(0, 10**9, 100):
            page = accepted(self.get(SYNQ_ORDERS, limit=100, offset=offset), 200)["orders"]
            yield from page
            if len(page) < 100:
                return

    def adjust(self, variant_id: str, delta: int, key: str | None = None) -> httpx.Response:
        """Changes the stock of a variant at the default location by `delta` pieces."""
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {
            "variant_id": variant_id,
            "location_id": self.location_id,
            "quantity_delta": delta,
        }
        return self.http.post(ADJUST, json=body, headers=headers)

    def until(
        self, order_id: str, *statuses: str, seconds: float = 60, over_a_kill: bool = False
    ) -> Body:
        """The order, once its status is one of these; by default once it settled or is parked.

        `over_a_kill`: a connection that breaks is made anew, as the one to a killed process has to
        be. An answer that is wrong fails all the same.
        """
        wanted = statuses or SETTLED

        def probe() -> Body | None:
            try:
                order = self.order(order_id)
            except httpx.TransportError:
                if over_a_kill:
                    return None
                raise
            done = order["status"] in wanted or (order["parked"] and not statuses)
            return order if done else None

        return eventually(probe, f"order {order_id} is {' or '.join(sorted(wanted))}", seconds)


class Polinate(Dialect):
    """The dialect of businesses, with `X-Business-Id` and `X-API-Key`."""

    def __init__(self, url: str, credentials: Body) -> None:
        self.business_id: str = credentials["business_id"]
        self.partnership_id: str | None = credentials.get("partnership_id")
        headers = {"X-Business-Id": self.business_id, "X-API-Key": credentials["api_key"]}
        super().__init__(url, headers)

    def post(self, body: Body, key: str | None = None) -> httpx.Response:
        """Places an order, with an idempotency key where one is given."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.http.post(POLINATE_ORDERS, json=body, headers=headers)

    def patch(self, order_id: str, body: Body, key: str | None = None) -> httpx.Response:
        """Changes an order."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.http.patch(f"{POLINATE_ORDERS}/{order_id}", json=body, headers=headers)

    def create(self, body: Body) -> Body:
        """Creates an order and gives its full view, also if the answer shows a part of it."""
        response = self.post(body)
        assert response.status_code in {200, 201}, response.text
        return self.order(exact(response)["id"])

    def order(self, order_id: str) -> Body:
        """The order; fails when it is not there."""
        order: Body = accepted(self.get(f"{POLINATE_ORDERS}/{order_id}"), 200)
        return order


class Konvo(Dialect):
    """The dialect of conversations, with `x-api-key`."""

    def __init__(self, url: str, credentials: Body) -> None:
        super().__init__(url, {"x-api-key": credentials["api_key"]})

    def post(self, *orders: Body) -> httpx.Response:
        """Sends orders as one array."""
        return self.http.post(KONVO_ORDERS, json=list(orders))

    def order(self, order_id: str) -> Body:
        """The order; fails when it is not there."""
        answer = accepted(self.get(f"{KONVO_ORDERS}/{order_id}"), 200)
        assert (answer["count"], len(answer["result"])) == (1, 1), answer
        order: Body = answer["result"][0]
        return order


class Native(Dialect):
    """The native API, with a bearer key."""

    def __init__(self, url: str, credentials: Body) -> None:
        super().__init__(url, {"Authorization": f"Bearer {credentials['api_key']}"})

    def send(
        self, method: str, path: str, body: Body | None = None, **headers: str
    ) -> httpx.Response:
        """A request to a path behind `/v1`; a header is named with `_` for `-`."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, f"{NATIVE}{path}", json=body, headers=told)

    def place(self, body: Body, **headers: str) -> Body:
        """The order that is placed; fails when it is refused."""
        order: Body = accepted(self.send("POST", "/orders", body, **headers))
        return order

    def order(self, ref: str) -> Body:
        """The order; fails when it is not there."""
        order: Body = accepted(self.send("GET", f"/orders/{quote(ref, safe='')}"), 200)
        return order

    def until(self, ref: str, *stages: str) -> Body:
        """The order, once its stage is one of these; by default once it is confirmed or failed."""
        wanted = stages or ("confirmed", "failed")

        def probe() -> Body | None:
            order = self.order(ref)
            return order if order["stage"] in wanted else None

        return eventually(probe, f"order {ref} is {' or '.join(sorted(wanted))}")


class World:
    """An organization seen through its dialects, and its variants."""

    def __init__(self, url: str, credentials: Body, catalogue: Body | None = None) -> None:
        self.synq = Synq(url, credentials["synq"])
        self.polinate = Polinate(url, credentials["polinate"])
        self.konvo = Konvo(url, credentials["konvo"])
        self.native = Native(url, credentials["native"])
        self.variants: list[Body] = (catalogue or credentials).get("variants", [])
        self.dialects: dict[str, Dialect] = {
            "synq": self.synq,
            "polinate": self.polinate,
            "konvo": self.konvo,
            "native": self.native,
        }

    def synq_order(self, reference: str = "pi_demo", **changes: object) -> Body:
        """A Synq order of two lines, 2 x 12.50 and 3 x 4.95, of the demo's first two variants."""
        lines = [self.synq_line(0, "12.50", 2), self.synq_line(1, "4.95", 3)]
        body: Body = {
            "idempotency_key": str(uuid.uuid4()),
            "payment_provider": "stripe",
            "payment_reference": reference,
            "currency": "EUR",
            "channel": "web-storefront",
            "source_platform": "shopify",
            "items": lines,
        }
        return body | changes

    def synq_line(self, variant: int, price: str = "12.50", quantity: int = 1) -> Body:
        """A line of a Synq order; `variant` counts the demo's variants from 0."""
        known = self.variants[variant]
        return {
            "variant_id": known["id"],
            "location_id": self.synq.location_id,
            "sku": known["sku"],
            "product_title": f"Article {variant}",
            "unit_price": float(price),
            "quantity": quantity,
        }

    def polinate_order(self, variants: Iterable[int] = (0, 1), **changes: object) -> Body:
        """A Polinate order of 2 x 10.25 of each of these variants of the demo."""
        body: Body = {
            "currency": "EUR",
            "expectedDeliveryAt": DELIVERY,
            "orderItems": [
                {
                    "itemVariantId": "var_" + order_number(self.variants[index]["id"]),
                    "quantity": 2,
                    "price": "10.25",
                }
                for index in variants
            ],
        }
        if self.polinate.partnership_id is not None:
            body["partnershipId"] = self.polinate.partnership_id
        return body | changes

    def synq_created(self, reference: str = "pi_demo", **changes: object) -> Body:
        """A Synq order that was placed and has settled."""
        order_id = accepted(self.synq.create(self.synq_order(reference, **changes)))["order_id"]
        return self.synq.until(order_id)

    def native_order(self, quantity: float = 2, **changes: object) -> Body:
        """A native order of one line, of the demo's first variant at its own price."""
        line = {"variant_id": self.variants[0]["id"], "quantity": quantity}
        return {"currency": self.variants[0]["currency"], "lines": [line]} | changes

    def konvo_created(self, **changes: object) -> Body:
        """A mirrored order as Konvo answers it."""
        order: Body = accepted(self.konvo.post(konvo_order(**changes)))["result"][0]
        return order


def konvo_order(**changes: object) -> Body:
    """A Konvo order of one line, 2 x 29.99, in total 39.95 as in the vendor's example."""
    order: Body = {
        "id": str(uuid.uuid4()),
        "externalId": f"shop-{uuid.uuid4().hex[:12]}",
        "friendlyName": "#1059",
        "customer": {
            "id": "customer_67890",
            "firstName": "Ada",
            "lastName": "Byron",
            "userIds": [{"type": "email", "id": "ada@example.org"}],
        },
        "orderTotal": 3995,
        "currency": "EUR",
        "items": [
            {
                "id": "shop-variant-1",
                "sku": "SHOP-1",
                "name": "Red / M",
                "description": "A shirt",
                "price": 2999,
                "msrp": 3999,
                "imageUrl": "https://example.org/shirt.png",
                "currency": "EUR",
                "quantity": 2,
            }
        ],
        "status": "paid",
    }
    return order | changes


@contextmanager
def speaking(server: Server, *beside: Server) -> Iterator[World]:
    """The demo organization of a running server, in its three dialects.

    With servers beside it on the same database, the requests go to all of them in turn.
    """
    world = World(server.url, server.credentials)
    if beside:
        for dialect in world.dialects.values():
            dialect.spread_over([server.url, *(other.url for other in beside)])
    with world.synq, world.polinate, world.konvo, world.native:
        yield world


@contextmanager
def neighbour(server: Server, name: str) -> Iterator[World]:
    """A second organization beside the demo's; its bodies name the demo's variants."""
    credentials = json.loads(server.command("org", "create", name, "--json"))
    world = World(server.url, credentials, server.credentials)
    with world.synq, world.polinate, world.konvo, world.native:
        yield world


def assert_envelope(dialect: str, response: httpx.Response, word: str = "") -> None:
    """An error answer has its dialect's shape, to the member, and says `word` somewhere."""
    assert response.headers["content-type"].split(";")[0] == "application/json", response.headers
    body = response.json()
    shapes: dict[str, dict[str, type]] = {
        "synq": {"error": str},
        "polinate": {"errorCode": str, "message": str, "requestId": str},
        "konvo": {"error": int, "message": str},
    }
    if dialect == "polinate" and "fieldErrors" in body:
        faults = body.pop("fieldErrors")
        assert all(isinstance(text, str) for text in faults.values()), response.text
    assert {name: type(value) for name, value in body.items()} == shapes[dialect], response.text
    if dialect == "konvo":
        assert body["error"] == response.status_code
    assert word.lower() in response.text.lower(), f"{word!r} is not named in {response.text}"
    assert "Traceback" not in response.text


def at_once(concurrency: int, work: Iterable[T], do: Callable[[T], R]) -> list[R]:
    """Does all the work on this many threads; the results in the order of the work."""
    with ThreadPoolExecutor(concurrency) as pool:
        return list(pool.map(do, work))
