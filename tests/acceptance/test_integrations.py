"""Orders of shops, told by an integration service to a running server."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, NamedTuple

import httpx
import pytest
from tests.integration_service import IntegrationService, order_event, signature, tell

from entrepot.testing.clients import Body, World, accepted, neighbour, speaking
from entrepot.testing.server import Server, eventually

ENGINES = ("sqlite", "postgres")
AT_ONCE = 16


class Shops(NamedTuple):
    """A server, its demo organization, and the integration service."""

    server: Server
    world: World
    service: IntegrationService
    http: httpx.Client

    def connect(self, world: World | None = None) -> str:
        name = self.service.connection()
        accepted(connecting(world or self.world, name))
        return name

    def tell(self, event: dict[str, Any]) -> int:
        return tell(self.http, event).status_code

    def orders(self, external_id: str) -> list[Body]:
        found: list[Body] = accepted(self.world.native.get(f"/v1/orders?q={external_id}"), 200)[
            "data"
        ]
        return found

    def received(self) -> list[Body]:
        path = "/v1/events?types=unified.webhook.received&limit=200"
        return [one["body"] for one in accepted(self.world.native.get(path), 200)["data"]]

    def forged(self) -> float:
        lines = self.http.get("/metrics").text.splitlines()
        name = 'entrepot_integration_events_total{outcome="forged"} '
        return sum(float(one.removeprefix(name)) for one in lines if one.startswith(name))


def connecting(world: World, name: str) -> httpx.Response:
    return world.synq.http.post("/api/v1/integrations/callback", json={"connection_id": name})


@pytest.fixture(scope="module", params=ENGINES)
def shops(
    request: pytest.FixtureRequest,
    fresh_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shops]:
    with ExitStack() as stack:
        service = stack.enter_context(IntegrationService())
        folder = tmp_path_factory.mktemp("shops")
        server = Server(fresh_database(request.param), folder, env=service.env)
        world = stack.enter_context(speaking(stack.enter_context(server)))
        http = stack.enter_context(httpx.Client(base_url=server.url, timeout=30))
        yield Shops(server, world, service, http)


def test_one_of_many_at_once_is_placed(shops: Shops) -> None:
    external_id = uuid.uuid4().hex
    event = order_event(shops.connect(), external_id)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = set(pool.map(shops.tell, [event] * AT_ONCE))
    assert answers == {200}
    assert len(shops.orders(external_id)) == 1


def test_a_shop_sells_from_the_stock_that_is_counted_here(shops: Shops) -> None:
    variant, name, external_id = shops.world.variants[0], shops.connect(), uuid.uuid4().hex
    line = {"item_id": "4711", "sku": variant["sku"], "name": "Sold", "amount": 1, "quantity": 3}
    before = reserved(shops, variant["id"])
    assert shops.tell(order_event(name, external_id, line_items=[line])) == 200
    [order] = shops.orders(external_id)
    shops.world.synq.until(order["id"], "confirmed")
    assert reserved(shops, variant["id"]) == before + 3
    assert order["lines"][0]["variant_id"] == variant["id"]
    # The shop's own id is known from now on.
    again = {"item_id": "4711", "sku": "", "name": "Sold", "amount": 1}
    other = uuid.uuid4().hex
    assert shops.tell(order_event(name, other, line_items=[again])) == 200
    assert shops.orders(other)[0]["lines"][0]["sku"] in (variant["sku"], None)


def reserved(shops: Shops, variant_id: str) -> int:
    found = accepted(shops.world.native.get(f"/v1/stock?variant_id={variant_id}"), 200)["data"]
    return sum(one["reserved"] for one in found)


def test_a_forged_event_leaves_nothing_behind(shops: Shops) -> None:
    name, external_id = shops.connect(), uuid.uuid4().hex
    told, forged = shops.received(), shops.forged()
    events = [order_event(name, external_id), order_event(name, external_id, line_items=[])]
    for event in (*events, {"connection_id": name, "event": "item.created"}):
        body = json.dumps(event).encode()
        assert tell(shops.http, event, signed=signature(body, "not ours")).status_code in (401, 429)
    assert (shops.orders(external_id), shops.received()) == ([], told)
    assert shops.forged() == forged + 3


def test_an_event_that_is_too_large(shops: Shops) -> None:
    event = order_event(shops.connect(), "large") | {"padding": "x" * (1 << 20)}
    answer = tell(shops.http, event)
    assert answer.status_code == 413
    assert shops.orders("large") == []


def test_the_operator_pauses_a_connection(shops: Shops) -> None:
    name, external_id = shops.connect(), uuid.uuid4().hex
    org = shops.world.synq.headers["X-Org-ID"]
    event = order_event(name, external_id)
    assert "is paused" in shops.server.command("connection", "pause", org, name)
    assert shops.tell(event) == 403
    listed = json.loads(shops.server.command("connection", "list", org, "--json"))
    assert {"connection": name, "provider": "shopify", "status": "PAUSED"} in listed
    assert "is active" in shops.server.command("connection", "resume", org, name)
    assert shops.tell(order_event(name, external_id, line_items=[])) == 400
    [rejected] = [
        one
        for one in json.loads(shops.server.command("connection", "rejected", org, "--json"))
        if one["external_id"] == external_id
    ]
    assert rejected["reason"] == "data.line_items: at least one line is needed"
    assert shops.tell(event) == 200
    assert shops.received()[-1]["outcome"] == "rejected"


def test_a_connection_brings_its_orders_to_its_own_organization(shops: Shops) -> None:
    with neighbour(shops.server, uuid.uuid4().hex) as other:
        name, external_id = shops.connect(other), uuid.uuid4().hex
        taken = connecting(shops.world, name)
        assert taken.status_code == 409, taken.text
        assert shops.tell(order_event(name, external_id)) == 200
        assert shops.orders(external_id) == []
        found = accepted(other.native.get(f"/v1/orders?q={external_id}"), 200)["data"]
        assert len(found) == 1
        assert found[0]["money"]["authorized"] in ("0", "0.00")
    shops.server.command("verify")


def made(shops: Shops) -> str:
    """A new product, by its id."""
    variant = {"sku": uuid.uuid4().hex, "currency": "EUR", "price": "12.50"}
    body = {"name": "Cup", "variants": [variant]}
    product = accepted(shops.world.native.send("POST", "/products", body))
    return str(uuid.UUID(product["id"]))


def push(shops: Shops, product_id: str, action: str = "UPSERT") -> httpx.Response:
    body = {"productId": product_id, "action": action}
    return shops.world.synq.http.post("/unified/sync/push/product", json=body)


def ended(shops: Shops, product_id: str, type_: str, count: int) -> list[Body]:
    """So many events of how pushes of this product ended, once they are there."""

    def there() -> list[Body] | None:
        found = accepted(shops.world.native.get(f"/v1/events?types={type_}&limit=200"), 200)
        its = [one["body"] for one in found["data"] if one["body"]["product_id"] == product_id]
        return its if len(its) >= count else None

    return eventually(there, f"{count} times {type_}", 60)


def test_a_shop_is_told_of_a_product_until_it_takes_it(shops: Shops) -> None:
    shops.connect()
    product_id = made(shops)
    shops.service.refusals[product_id] = [503, 429]
    assert push(shops, product_id).status_code == 202
    [told, *_] = ended(shops, product_id, "integration.synced", 1)
    assert told["action"] == "UPSERT"
    calls = shops.service.pushed(product_id)
    assert len(calls) >= 3, "two are put off, and come again"
    item = json.loads(calls[-1][2])
    assert (item["name"], item["variants"][0]["prices"]) == (
        "Cup", [{"price": 12.5, "currency": "EUR"}],
    )  # fmt: skip


def test_a_push_that_is_refused_is_over(shops: Shops) -> None:
    shops.connect()
    product_id = made(shops)
    shops.service.refusals[product_id] = [422]
    assert push(shops, product_id).status_code == 202
    [told] = ended(shops, product_id, "integration.sync_failed", 1)
    assert told["error"] == "the integration service answered 422"


def test_a_push_of_nothing_known_is_refused(shops: Shops) -> None:
    assert push(shops, str(uuid.uuid4())).status_code == 404
    assert push(shops, "cup").status_code == 400
    assert push(shops, made(shops), "MOVE").status_code == 400
