"""Requests that are meant for one state of a thing, and repeats when it has another."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import httpx
import pytest
from tests.acceptance.test_native import problem

from entrepot.testing.clients import Body, World, accepted, konvo_order

LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"
MADE: dict[str, tuple[str, Body, Body]] = {
    "a product": (
        "/products",
        {"name": "Cup", "variants": [{"currency": "EUR", "price": "1.00"}]},
        {"name": "Mug"},
    ),
    "a customer": ("/customers", {"name": "Cafe"}, {"name": "Bar"}),
    "a price list": ("/price-lists", {"name": "Cafes"}, {"name": "Bars"}),
}


def second_of(thing: Body) -> str:
    at = datetime.fromisoformat(thing["updated_at"]).astimezone(UTC)
    return at.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize("what", MADE)
def test_a_thing_that_was_changed_since_is_not_overwritten(what: str, world: World) -> None:
    do = world.native.send
    path, body, change = MADE[what]
    if what == "a price list":
        body = body | {"entries": [{"variant_id": world.variants[0]["id"]}]}
    thing = accepted(do("POST", path, body))
    path = f"{path}/{thing['id']}"
    problem(do("PATCH", path, change, If_Unmodified_Since=LONG_AGO), 412, "changed-meanwhile")
    assert accepted(do("GET", path), 200) == thing
    told = accepted(do("PATCH", path, change, If_Unmodified_Since=second_of(thing)), 200)
    assert told["name"] == change["name"]


def test_an_order_that_was_changed_since_is_not_moved(world: World) -> None:
    do = world.native.send
    order_id = accepted(world.konvo.post(konvo_order()))["result"][0]["id"]
    path = f"/orders/{order_id}"
    order = accepted(do("GET", path), 200)
    moves: list[tuple[str, str, Body]] = [
        ("PATCH", path, {"notes": "n"}), ("POST", f"{path}/notes", {"text": "t"}),
        ("POST", f"{path}/cancel", {}), ("PATCH", f"{path}?dry_run=true", {"notes": "n"}),
    ]  # fmt: skip
    for method, where, body in moves:
        answer = do(method, where, body, If_Unmodified_Since=LONG_AGO)
        assert problem(answer, 412, "changed-meanwhile")["current_version"]
    assert accepted(do("GET", path), 200) == order
    told = accepted(do("PATCH", path, {"notes": "n"}, If_Unmodified_Since=second_of(order)), 200)
    assert told["notes"] == "n"


def test_a_repeat_has_its_first_answer_though_the_thing_changed(world: World) -> None:
    do = world.native.send
    item = konvo_order()["items"][0] | {"price": -5.5, "quantity": 0}
    sent = konvo_order(items=[item])
    order_id = accepted(world.konvo.post(sent))["result"][0]["id"]
    path = f"/orders/{order_id}"
    [line] = accepted(do("GET", path), 200)["lines"]
    change = {name: line[name] for name in ("id", "quantity", "unit_price")}
    body: Body = {"notes": "n", "lines": {"change": [change]}}
    key = {"Idempotency_Key": uuid.uuid4().hex}
    first = do("PATCH", path, body, **key)
    assert (first.status_code, "Idempotent-Replayed" in first.headers) == (200, False)
    accepted(world.konvo.post(sent | {"items": [item | {"price": 700, "quantity": 2}]}))
    again = do("PATCH", path, body, **key)
    assert (again.status_code, again.content) == (200, first.content), again.text
    assert again.headers["Idempotent-Replayed"] == "true"
    # What the thing no longer shows is a fault of every other request.
    problem(do("PATCH", path, body), 400, "invalid")
    problem(do("PATCH", path, body, Idempotency_Key=uuid.uuid4().hex), 400, "invalid")
    problem(do("PATCH", path, body | {"notes": "other"}, **key), 400, "invalid")
    problem(do("PATCH", f"{path}?dry_run=true", body, **key), 400, "invalid")


@pytest.mark.parametrize("is_taken", [False, True])
@pytest.mark.parametrize("dialect", ["native", "polinate"])
def test_a_repeat_means_the_order_that_it_meant_at_first(
    dialect: str, is_taken: bool, world: World
) -> None:
    # Names that could be ids of ours are names all the same.
    one, two, three = uuid.uuid4().hex, f"web-{uuid.uuid4()}", uuid.uuid4().hex
    order_id = world.native.place(world.native_order(external_id=one))["id"]

    def renamed(old: str, new: str, key: str) -> httpx.Response:
        if dialect == "native":
            sent: Body = {"external_id": new}
            return world.native.send("PATCH", f"/orders/{old}", sent, Idempotency_Key=key)
        return world.polinate.patch(old, {"order": {"externalReference": new}}, key=key)

    key, again, other = (uuid.uuid4().hex for _ in range(3))
    first, second = renamed(one, two, key), renamed(two, three, again)
    assert (first.status_code, second.status_code) == (200, 200)
    if is_taken:
        for name in (one, two):
            world.native.place(world.native_order(external_id=name))
    for old, new, known, answer in ((one, two, key, first), (two, three, again, second)):
        repeat = renamed(old, new, known)
        assert (repeat.status_code, repeat.content) == (200, answer.content), repeat.text
        assert repeat.headers["Idempotent-Replayed"] == "true"
        unknown = 409 if is_taken else 404
        assert renamed(uuid.uuid4().hex, new, known).status_code == 404, "never called so"
        # The key with another content, and the name under another key, are other requests.
        assert renamed(old, "else", known).status_code == 409
        if not is_taken and dialect == "native":
            assert renamed(old, new, other).status_code == unknown
    assert world.native.order(order_id)["id"] == order_id


def test_a_repeat_of_a_variants_change_is_one_as_well(world: World) -> None:
    do = world.native.send
    item = konvo_order()["items"][0] | {"price": -5.5}
    order_id = accepted(world.konvo.post(konvo_order(items=[item])))["result"][0]["id"]
    [line] = accepted(do("GET", f"/orders/{order_id}"), 200)["lines"]
    path = f"/variants/{line['variant_id']}"
    price = accepted(do("GET", path), 200)["price"]
    key = {"Idempotency_Key": uuid.uuid4().hex}
    first = do("PATCH", path, {"price": price, "barcode": "b"}, **key)
    accepted(do("PATCH", path, {"price": "3.00"}), 200)
    again = do("PATCH", path, {"price": price, "barcode": "b"}, **key)
    assert (again.status_code, again.content) == (200, first.content), again.text


def test_two_lines_of_one_entry_are_taken_wherever_lines_are_told(world: World) -> None:
    do, variant = world.native.send, world.variants[0]
    goods = {"variant_id": variant["id"], "quantity": 1}
    order = world.native.place({"currency": variant["currency"], "lines": [goods, goods]})
    lines = {"add": [goods]}
    told = accepted(do("PATCH", f"/orders/{order['id']}", {"lines": lines}), 200)
    assert [line["quantity"] for line in told["lines"]] == [1, 1, 1]
    order = {"expectedDeliveryAt": "2030-01-15T10:30:00.000Z"}
    line = {"itemVariantId": goods["variant_id"], "quantity": 1}
    made = world.polinate.http.post("/api/v1/orders", json=order | {"orderItems": [line, line]})
    assert made.status_code == 409
