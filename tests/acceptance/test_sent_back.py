"""A confirmed order, under its authorised payment, is sent back as it was read and stays so."""

from __future__ import annotations

import json
import uuid

import pytest

from entrepot.testing.clients import Body, World, accepted, konvo_order, order_number
from entrepot.testing.server import eventually

LINES: dict[str, list[Body]] = {
    "a custom line": [{"product_title": "Card", "unit_price": 2.5, "quantity": 1}],
    "a fine price": [{"product_title": "Card", "unit_price": 1.2575, "quantity": 3}],
    "nothing to pay": [{"product_title": "Card", "unit_price": 0, "quantity": 1}],
}


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES.keys())
def test_a_confirmed_order_is_sent_back(lines: list[Body], world: World) -> None:
    sent = world.synq_order(f"pi_{uuid.uuid4().hex}", items=lines)
    order_id = accepted(world.synq.create(sent))["order_id"]
    eventually(lambda: world.synq.order(order_id)["status"] == "confirmed", "it is confirmed")
    by_synq = world.synq.order(order_id)
    assert (
        accepted(world.synq.create(json.loads(json.dumps(by_synq, default=float))))["order_id"]
        == order_id
    )
    assert world.synq.order(order_id) == by_synq

    any_id = f"ord_{order_number(order_id)}"
    shown = world.polinate.order(any_id)
    body = {"order": shown, "updateOrderItems": shown["orderItems"]}
    after = accepted(world.polinate.patch(any_id, body), 200)
    assert after == shown | {"updatedAt": after["updatedAt"]}


def test_what_the_native_api_shows_of_a_mirror_is_no_change(world: World) -> None:
    item = konvo_order()["items"][0] | {
        "name": "",
        "price": -5.5,
        "currency": "EURO",
        "quantity": 0,
    }
    place = dict.fromkeys(("firstName", "lastName", "addressLineOne", "zipCode", "city"), "x" * 900)
    address = place | {"addressLineTwo": "", "countryCode": ""}
    sent = konvo_order(externalId="", address=address, items=[item], metadata={"rate": 1.50})
    order_id = accepted(world.konvo.post(sent))["result"][0]["id"]
    path = f"/v1/orders/{order_id}"
    before = world.native.get(path)
    shown = json.loads(before.content, parse_float=float)
    [line] = shown["lines"]
    body = {name: shown[name] for name in ("external_id", "shipping_address", "metadata", "notes")}
    change = {name: line[name] for name in ("id", "quantity", "unit_price")}
    key = {"Idempotency_Key": uuid.uuid4().hex}
    for _ in range(2):
        told = body | {"lines": {"change": [change]}}
        answer = world.native.send("PATCH", f"/orders/{order_id}", told, **key)
        assert (answer.status_code, answer.content) == (200, before.content), answer.text
    product = world.native.get(f"/v1/variants/{line['variant_id']}").json()
    names = ("name", "sku", "barcode", "currency", "price", "options", "properties")
    told = {name: product[name] for name in names}
    path = f"/variants/{line['variant_id']}"
    assert accepted(world.native.send("PATCH", path, told), 200) == product
    assert world.native.send("PATCH", path, told | {"price": "-6"}).status_code == 400
    customer = world.native.get(f"/v1/customers/{shown['customer']['id']}").json()
    told = {"name": customer["name"], "partnership_status": customer["partnership"]["status"]}
    path = f"/customers/{customer['id']}"
    assert accepted(world.native.send("PATCH", path, told), 200) == customer
    assert world.native.send("PATCH", path, told | {"name": "Bo"}).status_code == 403


CHANGES: dict[str, Body] = {
    "another total": {"order": {"totalAmount": "1.00"}},
    "a fraction": {"updateOrderItems": [{"quantity": 0.5}]},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_others_made_of_an_order_of_synq_is_sent_back(change: Body, world: World) -> None:
    order = world.synq_created(f"pi_{uuid.uuid4().hex}")
    any_id = f"ord_{order_number(order['id'])}"
    [line, *_] = world.polinate.order(any_id)["orderItems"]
    if "updateOrderItems" in change:
        change = {"updateOrderItems": [{"id": line["id"], "quantity": 0.5}]}
    accepted(world.polinate.patch(any_id, change), 200)
    path = f"/api/v1/oms/orders/{order['id']}"
    text = world.synq.get(path).content
    headers = {"content-type": "application/json"}
    for sent in (text, b"\xef\xbb\xbf" + text):
        answer = world.synq.http.post("/api/v1/oms/orders", content=sent, headers=headers)
        assert accepted(answer)["order_id"] == order["id"]
        assert answer.headers["idempotent-replayed"] == "true"
    shown = json.loads(text)
    assert json.loads(world.synq.get(path).content)["items"] == shown["items"]
    for other in ({"total": 77.5}, {"id": str(uuid.uuid4())}, {"more": 1}):
        assert world.synq.create(shown | other).status_code == 400, other


def test_what_synq_replaces_is_sent_back_and_what_changes_nothing_is_named(world: World) -> None:
    made = accepted(world.synq.http.post("/api/v1/pim/products", json={"title": "Mug"}))
    paths = {
        "/api/v1/settings/tenant": ({"costing_method": "FIFO"}, {"costing_methd": "FIFO"}),
        f"/api/v1/pim/products/{made['id']}": ({"title": "Cup"}, {"status": "ARCHIVED"}),
    }
    for path, (told, more) in paths.items():
        shown = accepted(world.synq.http.put(path, json=told), 200)
        again = world.synq.http.put(path, json=shown)
        assert accepted(again, 200).items() >= {k: shown[k] for k in shown.keys() & told}.items()
        assert "Warning" not in again.headers, again.headers
        named = world.synq.http.put(path, json=told | more | {"created_at": "2020-01-01T00:00:00Z"})
        names = ", ".join([*more, "created_at"])
        assert named.status_code == 200
        assert named.headers["Warning"] == f'299 - "members that change nothing: {names}"'
