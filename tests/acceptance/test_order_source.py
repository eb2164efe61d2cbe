"""Polinate's notification: a known order is noted once, another is fetched from its source."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from email.message import Message

import httpx
import pytest
from tests.local_http import LocalHttp

from entrepot.testing.clients import (
    POLINATE_ORDERS,
    Body,
    World,
    accepted,
    assert_envelope,
    at_once,
    neighbour,
    order_number,
)
from entrepot.testing.server import Server, eventually

SECRET = "Bearer source-secret"
MADE = "2025-01-15T10:30:00.000Z"


def notification_key(order_id: str, business_id: str) -> str:
    """The key that the contract demands: sha256 in 64 lower-case hex digits."""
    return hashlib.sha256(f"{order_id}-{business_id}-order-integration".encode()).hexdigest()


@pytest.mark.parametrize(
    ("order_id", "business_id", "key"),
    [
        ("ord_123", "bus_123", "7f6f38e0faf1df46ed75aec4e4d32a45374db2593e672aedc13e387919cff6c9"),
        (
            "ord_123",
            "bus_1234567890abcdef",
            "9bc4836b9559a41aaeed3062c6aa918565f61c43898fc7e8331c2771ac0bd6cc",
        ),
    ],
)
def test_the_formula_gives_the_contracts_keys(order_id: str, business_id: str, key: str) -> None:
    assert notification_key(order_id, business_id) == key


def foreign_order(order_id: str) -> Body:
    """An order of another system in Polinate's own schema."""
    line = {
        "id": "oi_shop_1",
        "orderId": order_id,
        "lineNumber": 1,
        "itemListEntryId": "ile_shop_1",
        "itemListEntry": {"itemVariantId": "var_shop_1", "itemVariant": {"itemId": "itm_shop_1"}},
        "quantity": 1.5 if "weighed" in order_id else 3,
        "unitOfMeasure": "kg",
        "currency": "AUD",
        "price": "7.125",
        "cost": "5.00",
        "properties": None,
        "createdAt": MADE,
        "updatedAt": MADE,
    }
    return {
        "id": order_id,
        "partnershipId": "prt_shop_1",
        "phase": "ACTIVE",
        "status": "ACCEPTED",
        "internalReference": f"INT-{order_id}",
        "externalReference": f"PO-{order_id}",
        "notes": None,
        "deliveryAddress": "Pier 4",
        "expectedDeliveryAt": "2030-01-15T10:30:00.000Z",
        "currency": "AUD",
        "totalAmount": "21.375",
        "properties": {"unleashed": {"guid": "123"}},
        "createdAt": MADE,
        "updatedAt": MADE,
        "orderItems": [line],
    }


class Source(LocalHttp):
    """A shop's HTTP server that fails twice for each order before it answers."""

    FAILURES = 2

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.asked: list[tuple[str, str | None]] = []
        self.template = f"{self.url}/orders/{{orderId}}"

    def _answer(self, path: str, sent: Message) -> tuple[int, bytes, dict[str, str]]:
        self.asked.append((path, sent["Authorization"]))
        order_id = path.rpartition("/")[2]
        failing = len(self.requests_for(order_id)) <= self.FAILURES
        body = json.dumps({} if failing else foreign_order(order_id)).encode()
        return 503 if failing else 200, body, {"Content-Type": "application/json"}

    def requests_for(self, order_id: str) -> list[tuple[str, str | None]]:
        return [request for request in self.asked if request[0] == f"/orders/{order_id}"]


@pytest.fixture(scope="module")
def source() -> Iterator[Source]:
    with Source() as running:
        yield running


@pytest.fixture(scope="module")
def sourced(server: Server, source: Source) -> Iterator[World]:
    """An organization whose orders can be fetched; the demo's cannot."""
    with neighbour(server, "Sourced") as organization:
        org = organization.synq.headers["X-Org-ID"]
        header = f"Authorization: {SECRET}"
        server.command("org", "source", org, "--url", source.template, "--header", header)
        yield organization


def notify(world: World, order_id: str, key: str | None = None) -> httpx.Response:
    business = world.polinate.business_id
    return world.polinate.post({"orderId": order_id, "businessId": business}, key)


NAMES: dict[str, Callable[[Body], str]] = {
    "Polinate's id": lambda order: order["id"],
    "Synq's and Konvo's id": lambda order: str(uuid.UUID(order_number(order["id"]))),
    "the internal reference": lambda order: order["internalReference"],
    "the external reference": lambda order: order["externalReference"],
}


@pytest.mark.parametrize("name", NAMES)
def test_a_known_order_is_found_by_any_id(name: str, world: World) -> None:
    reference = f"PO-{uuid.uuid4()}"
    order = world.polinate.create(world.polinate_order(externalReference=reference))
    for _ in range(2):
        assert accepted(notify(world, NAMES[name](order)), 200) == {"success": True}


@pytest.mark.parametrize("member", ["id", "externalId"])
def test_a_mirrored_order_is_found_by_its_senders_ids(member: str, world: World) -> None:
    order = {"id": f"sender-{uuid.uuid4()}", "externalId": f"shop-{uuid.uuid4()}"}
    world.konvo_created(**order)
    assert accepted(notify(world, order[member]), 200) == {"success": True}


def test_it_is_noted_once(server: Server, world: World) -> None:
    order = world.konvo_created()
    path = f"{POLINATE_ORDERS}/ord_{order_number(order['id'])}"
    before = server.events("order.ingested")
    accepted(notify(world, order["id"]), 200)
    assert server.events("order.ingested") == before + 1
    told = world.polinate.get(path).content
    at_once(8, range(16), lambda _: accepted(notify(world, order["id"]), 200))
    assert server.events("order.ingested") == before + 1
    assert world.polinate.get(path).content == told


def test_an_unknown_order_without_a_source_is_announced(server: Server, world: World) -> None:
    told = ["ord_123", f"ord_{uuid.uuid4().hex}", "PO-nobody", "x" * 500, "..", "#1 / ?"]
    for order_id in told * 2:
        assert accepted(notify(world, order_id), 200) == {"success": True}
    listed = json.loads(server.command("orders", "--announced", "--json"))
    assert {one["notified"] for one in listed} == set(told)
    assert {one["state"] for one in listed} == {"no source"}
    before = server.events("order.ingested")
    order = world.konvo_created(id="ord_123")
    assert server.events("order.ingested") == before + 1
    listed = json.loads(server.command("orders", "--announced", "--json"))
    assert {one["notified"] for one in listed} == set(told) - {"ord_123"}
    found = accepted(world.polinate.get(f"{POLINATE_ORDERS}/ord_123"), 200)
    assert order_number(found["id"]) == order_number(order["id"])
    server.verify()


def test_the_key_must_follow_the_formula(world: World) -> None:
    order = world.polinate.create(world.polinate_order())
    business = world.polinate.business_id
    right = notification_key(order["id"], business)
    wrong = [
        notification_key(order["id"], "bus_123"),
        notification_key("ord_123", business),
        str(uuid.uuid4()),
        right[:-1],
        "0" * 64,
    ]
    for key in wrong:
        answer = notify(world, order["id"], key)
        assert answer.status_code == 400
        assert_envelope("polinate", answer, "Idempotency-Key")
    first = notify(world, order["id"], right)
    assert accepted(first, 200) == {"success": True}
    again = notify(world, order["id"], right)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"


def test_an_unknown_order_is_fetched(source: Source, sourced: World, server: Server) -> None:
    order_id = f"ord_shop_{uuid.uuid4().hex[:8]}"
    key = notification_key(order_id, sourced.polinate.business_id)
    assert accepted(notify(sourced, order_id, key), 200) == {"success": True}

    def arrived() -> Body | None:
        page = accepted(sourced.polinate.get(POLINATE_ORDERS, limit=100), 200)
        found = [o for o in page["items"] if o["externalReference"] == f"PO-{order_id}"]
        return found[0] if found else None

    order = eventually(arrived, "the order is fetched", 120)
    requests = source.requests_for(order_id)
    assert len(requests) == Source.FAILURES + 1
    assert {secret for _, secret in requests} == {SECRET}
    assert (order["phase"], order["status"]) == ("ACTIVE", "ACCEPTED")
    assert (order["currency"], Decimal(order["totalAmount"])) == ("AUD", Decimal("21.375"))
    assert order["properties"] == {"unleashed": {"guid": "123"}}
    [line] = order["orderItems"]
    assert (line["quantity"], Decimal(line["price"])) == (3, Decimal("7.125"))
    assert line["unitOfMeasure"] == "kg"
    assert (order["id"], order["internalReference"]) == (order_id, f"INT-{order_id}")
    assert (order["createdAt"], line["orderId"]) == (MADE, order_id)
    for known in (order_id, f"INT-{order_id}", f"PO-{order_id}"):
        assert accepted(sourced.polinate.get(f"{POLINATE_ORDERS}/{known}"), 200) == order
        [konvo] = accepted(sourced.konvo.get(f"/orders/{known}"), 200)["result"]
        assert (konvo["externalId"], konvo["externalName"]) == (order_id, f"INT-{order_id}")
        assert (konvo["deliveryAddress"], konvo["createdAt"]) == ("Pier 4", MADE)
    changed = accepted(sourced.polinate.patch(order_id, {"order": {"notes": "ring"}}), 200)
    assert (changed["id"], changed["notes"]) == (order_id, "ring")
    synq = sourced.synq.order(order_id)
    assert (synq["external_id"], synq["shipping_address"]) == (order_id, "Pier 4")
    assert (synq["total"], synq["payment_status"]) == (Decimal("21.375"), None)
    for known in (order_id, order["id"], f"PO-{order_id}"):
        assert accepted(notify(sourced, known), 200) == {"success": True}
    assert len(source.requests_for(order_id)) == Source.FAILURES + 1
    assert accepted(sourced.polinate.get(POLINATE_ORDERS), 200)["total"] == 1
    assert SECRET not in server.output()
    server.verify()


def test_the_source_belongs_to_its_organization(
    source: Source, sourced: World, world: World
) -> None:
    order_id = f"ord_shop_{uuid.uuid4().hex[:8]}"
    assert notify(world, order_id).status_code == 200
    assert world.polinate.get(f"{POLINATE_ORDERS}/{order_id}").status_code == 404
    assert source.requests_for(order_id) == []
