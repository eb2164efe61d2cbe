"""Clients that openapi-python-client makes of the documents live a whole story on a server."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.clients.conftest import MADE
from tests.clients.documents import documents, kept
from tests.clients.python_client import PythonClient, make

from entrepot.testing.clients import DELIVERY, World, konvo_order
from entrepot.testing.server import Server, eventually

GENERATOR = Path(MADE or "", "python", "bin", "openapi-python-client")
SETTINGS = {
    "inventory_allocation_model": "HARD", "auto_po_enabled": False,
    "default_low_stock_threshold": 5, "costing_method": "WAC",
}  # fmt: skip
NOBODY = str(uuid.uuid4())
Clients = Callable[[str], PythonClient]


@pytest.fixture(scope="module")
def clients(
    server: Server, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clients]:
    """A function: the client of a document, by the document's name."""
    folder = tmp_path_factory.mktemp("clients")
    files, told = kept(folder), documents()

    def client(name: str) -> PythonClient:
        # Both engines have clients of the same documents: their packages have different names.
        package = folder / f"{name}_{folder.name.replace('-', '_')}"
        make(GENERATOR, files[name], package)
        headers = world.dialects[name.rpartition("_")[2]].headers
        made = PythonClient(package, told[name], server.url, dict(headers))
        stack.callback(made.close)
        return made

    with ExitStack() as stack:
        yield client


def settled(read: Callable[[], Any]) -> Any:
    """The order, once it is confirmed."""
    return eventually(
        lambda: order if (order := read()).status == "confirmed" else None, "it is confirmed"
    )


@pytest.mark.parametrize("name", ["synq", "published_synq"])
def test_synq(name: str, clients: Clients, world: World) -> None:
    client, own = clients(name), name == "synq"
    create, read, listed = (
        ("orders.create_order", "orders.get_order", "orders.list_orders") if own else
        ("default.post_api_v1_oms_orders", "default.get_api_v_1_oms_orders_order_id",
         "default.get_api_v1_oms_orders")
    )  # fmt: skip
    body = world.synq_order()
    placed = client.call(create, 201, body)
    assert client.call(create, 201, body) == placed
    order_id = str(placed.order_id)
    order = settled(lambda: client.call(read, 200, order_id=order_id))
    assert str(order.id) == order_id
    page = client.call(listed, 200, limit=2)
    assert (page.limit, page.offset) == (2, 0)
    assert order_id in [str(one.id) for one in page.orders]
    client.call(read, 404, order_id=NOBODY)
    if own:
        stock = {
            "variant_id": world.variants[0]["id"], "location_id": world.synq.location_id,
            "quantity_delta": 3,
        }  # fmt: skip
        client.call("inventory.adjust_inventory", 200, stock)
        client.call("settings.put_tenant_settings", 200, SETTINGS)
        client.call("settings.get_tenant_settings", 200)
        client.call("channels.make_channel", 201, {"name": name, "type": "custom"})
        assert client.call("channels.list_channels", 200)
        client.call("organization.list_members", 200)
        client.call("audit.list_audit", 200)
    assert client.compared.seen >= 5


@pytest.mark.parametrize("name", ["konvo", "published_konvo"])
def test_konvo(name: str, clients: Clients, world: World) -> None:
    client, own = clients(name), name == "konvo"
    told = [konvo_order(), konvo_order(status="shipped", shipmentStatus="in_transit")]
    create = "orders.create_orders" if own else "default.post_orders"
    made = client.call(create, 201, told)
    assert (made.count, len(made.result)) == (2, 2)
    assert made.result[0].order_total == 3995
    assert client.compared.seen == 1
    if not own:
        return
    order = client.call("orders.get_order", 200, id=told[1]["id"]).result[0]
    assert (order.status, len(order.items)) == ("SHIPPED", 1)
    client.call("orders.get_order", 404, id=NOBODY)
    assert client.call("orders.list_orders", 200, limit=1).count >= 2
    contact = eventually(
        lambda: (client.call("contacts.list_contacts", 200).result or [None])[0], "a contact"
    )
    touch = {
        "contact": {"id": str(contact.id)}, "kind": "click", "origin": "broadcast",
        "origin_id": str(uuid.uuid4()), "country": "DE", "click": {"ip_address": "192.0.2.1"},
    }  # fmt: skip
    broadcast = {"id": touch["origin_id"], "name": "Spring"}
    assert world.native.send("POST", "/broadcasts", broadcast).status_code == 201
    assert world.native.send("POST", "/touches", touch).status_code == 201
    client.call(create, 201, [konvo_order()])
    for noun in ("clicks", "attributions", "broadcasts"):
        found = eventually(
            lambda noun=noun: client.call(f"{noun}.list_{noun}", 200).result, f"there are {noun}"
        )
        assert found


@pytest.mark.parametrize("name", ["polinate", "published_polinate"])
def test_polinate(name: str, clients: Clients, world: World) -> None:
    client, own = clients(name), name == "polinate"
    create, read, change = (
        ("orders.create_order", "orders.get_order", "orders.update_order") if own else
        ("default.post_api_v1_orders", "default.get_api_v1_orders_id",
         "default.patch_api_v1_orders_id")
    )  # fmt: skip
    notice = {"orderId": f"ord-{uuid.uuid4()}", "businessId": world.polinate.business_id}
    assert client.call(create, 200, notice).success
    made = world.polinate.create(world.polinate_order())
    order = client.call(read, 200, id=made["id"])
    assert order.to_dict()["id"] == made["id"]
    body = {"order": {"notes": "at the back door", "expectedDeliveryAt": DELIVERY}}
    client.call(change, 200, body, id=made["id"], idempotency_key=str(uuid.uuid4()))
    assert client.call(read, 200, id=made["id"]).to_dict()["notes"] == "at the back door"
    client.call(read, 404, id="ord_" + uuid.uuid4().hex)
    if own:
        client.call(create, 201, world.polinate_order(), idempotency_key=str(uuid.uuid4()))
        page = client.call("orders.list_orders", 200, limit=1)
        assert page.to_dict()["total"] >= 2
    assert client.compared.seen >= 5


def test_native(clients: Clients, world: World) -> None:
    client = clients("native")
    key = str(uuid.uuid4())
    order = client.call("orders.place_order", 201, world.native_order(), idempotency_key=key)
    again = client.call("orders.place_order", 201, world.native_order(), idempotency_key=key)
    assert again.id == order.id
    ref = str(order.id)
    eventually(
        lambda: client.call("orders.get_order", 200, ref=ref).stage == "confirmed", "confirmed"
    )
    client.call("orders.explain_order", 200, ref=ref)
    sent = client.call("orders.ship_order", 201, {"carrier": "DHL"}, ref=ref)
    shipments = "shipments_and_returns"
    client.call(f"{shipments}.deliver_shipment", 200, id=str(sent.id))
    client.call("orders.complete_order", 200, ref=ref)
    client.call("orders.list_order_events", 200, ref=ref)
    client.call("orders.get_order", 404, ref=NOBODY)
    client.call("orders.list_orders", 200, limit=5)
    for listed in (
        "goods.list_variants", "goods.list_stock", "goods.list_ledger", "goods.list_locations",
        "events.list_events", "settings.get_settings", "keys.list_keys",
        "webhooks.list_webhooks", "campaigns.list_touches", "campaigns.list_broadcasts",
    ):  # fmt: skip
        client.call(listed, 200)
    assert client.compared.seen > 15
