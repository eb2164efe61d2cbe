"""The whole life of an order in the native API; and what another organization may know of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.acceptance.test_native import PAID, line, problem

from entrepot.edge.examples import EXAMPLES
from entrepot.edge.native.dialect import DIALECT
from entrepot.testing.clients import Native, World, accepted, neighbour
from entrepot.testing.server import Server, eventually


@pytest.fixture(scope="module")
def other(server: Server) -> Iterator[World]:
    with neighbour(server, "Across the street") as organization:
        yield organization


def confirmed(world: World, quantity: float = 3, **changes: object) -> dict[str, Any]:
    """An order that is confirmed."""
    placed = world.native.place(world.native_order(quantity, **changes))
    return world.native.until(placed["id"], "confirmed")


def test_an_order_lives_to_its_end(world: World, server: Server) -> None:
    do = world.native.send
    order = confirmed(world, **PAID)
    path, line_id = f"/orders/{order['id']}", order["lines"][0]["id"]

    held = accepted(do("POST", f"{path}/hold", {"reason": "the address looks wrong"}), 200)
    assert held["held"] is True
    problem(do("POST", f"{path}/shipments"), 409, "illegal-move")
    assert accepted(do("POST", f"{path}/release"), 200)["held"] is False

    part = {"lines": [{"line_id": line_id, "quantity": 1}], "carrier": "DHL"}
    first = accepted(do("POST", f"{path}/shipments", part))
    assert (first["carrier"], first["state"]) == ("DHL", "sent")
    assert first["lines"] == [{"line_id": line_id, "quantity": 1}]
    order = world.native.order(order["id"])
    assert (order["fulfilment"], order["lines"][0]["shipped"]) == ("partially_shipped", 1)
    second = accepted(do("POST", f"{path}/shipments", {"tracking_number": "T-2"}))
    assert second["lines"][0]["quantity"] == 2
    many = {"lines": [{"line_id": line_id, "quantity": 1}]}
    problem(do("POST", f"{path}/shipments", many), 409, "illegal-move")
    for shipment in (first, second):
        arrived = accepted(do("POST", f"/shipments/{shipment['id']}/deliver"), 200)
        assert arrived["state"] == "delivered"
    order = world.native.order(order["id"])
    assert order["fulfilment"] == "delivered"
    assert [one["state"] for one in order["shipments"]] == ["delivered"] * 2

    wanted = {"lines": [{"line_id": line_id, "quantity": 1}], "reason": "too small"}
    asked = accepted(do("POST", f"{path}/returns", wanted))
    assert (asked["state"], asked["reason"]) == ("requested", "too small")
    assert accepted(do("POST", f"/returns/{asked['id']}/approve"), 200)["state"] == "approved"
    back = accepted(do("POST", f"/returns/{asked['id']}/receive", {"restock": True}), 200)
    assert (back["state"], back["lines"][0]["restocked"]) == ("received", True)
    order = world.native.order(order["id"])
    assert (order["returns"], order["lines"][0]["returned"]) == ("partial", 1)
    assert order["returns_list"] == [back]

    note = accepted(do("POST", f"{path}/notes", {"text": "All is well."}))
    assert (note["text"], note["order_id"]) == ("All is well.", order["id"])
    assert note["author"].startswith("key:")

    told = accepted(do("GET", f"{path}/events?limit=200"), 200)
    assert told["next"] is None
    assert [one["seq"] for one in told["data"]] == list(range(1, order["version"] + 1))
    assert [one["type"] for one in told["data"]][:2] == ["order.placed", "stock.reserved"]
    assert {one["dialect"] for one in told["data"]} == {"native", "pipeline"}
    assert told["data"][0]["subject"] == {"kind": "order", "id": order["id"]}
    page = accepted(do("GET", f"{path}/events?limit=2"), 200)
    rest = accepted(do("GET", f"{path}/events?after={page['next']}"), 200)
    assert page["data"] + rest["data"] == told["data"]
    server.verify()


def test_a_refund_with_a_receipt_needs_the_scope_of_money(world: World, server: Server) -> None:
    order = confirmed(world, **PAID | {"payment": {"provider": "stripe", "reference": "pi_back"}})
    path = f"/orders/{order['id']}"
    accepted(world.native.send("POST", f"{path}/captures"))
    accepted(world.native.send("POST", f"{path}/shipments"))
    receive = f"/returns/{accepted(world.native.send('POST', f'{path}/returns'))['id']}/receive"
    made = server.command(
        "key", "create", "--org", server.credentials["synq"]["org_id"], "--dialect", "native",
        "--scopes", "orders:read,orders:write", "--json",
    )  # fmt: skip
    with Native(server.url, {"api_key": json.loads(made)["token"]}) as without:
        told = problem(without.send("POST", receive, {"refund": True}), 403, "forbidden")
        assert "money:write" in told["detail"]
    eventually(
        lambda: world.native.order(order["id"])["payment"] == "paid" or None, "the money is taken"
    )
    back = accepted(world.native.send("POST", receive, {"refund": True}), 200)
    assert (back["state"], back["refunded"]) == ("received", True)
    eventually(
        lambda: world.native.order(order["id"])["payment"] == "refunded" or None, "it is given back"
    )


def test_an_order_without_a_payment_is_amended_and_cancelled(world: World) -> None:
    do = world.native.send
    order = confirmed(world)
    path, line_id = f"/orders/{order['id']}", order["lines"][0]["id"]
    body = {
        "lines": {
            "add": [{"sku": world.variants[1]["sku"], "quantity": 1, "unit_price": "1.00"}],
            "change": [{"id": line_id, "quantity": 1, "unit_price": "2.00"}],
        },
        "notes": "ring twice", "external_id": f"x-{order['number']}", "metadata": {"a": [1]},
        "shipping_address": "2 Low Street\nLeeds",
    }  # fmt: skip
    would = accepted(do("PATCH", f"{path}?dry_run=true", body), 200)
    assert (would["totals"]["total"], would["notes"]) == ("3.00", "ring twice")
    assert world.native.order(order["id"]) == order
    amended = accepted(do("PATCH", path, body), 200)
    assert amended["totals"]["total"] == "3.00"
    assert (amended["metadata"], amended["shipping_address"]) == ({"a": [1]}, "2 Low Street\nLeeds")
    assert amended["external_id"] == f"x-{order['number']}"
    added = next(one for one in amended["lines"] if one["id"] != line_id)
    body = {"lines": {"remove": [added["id"]]}, "notes": None}
    less = accepted(do("PATCH", path, body), 200)
    assert (len(less["lines"]), less["notes"]) == (1, None)
    told = problem(do("PATCH", path, {"lines": {"change": [{"id": added["id"]}]}}), 400,
                   "unknown-line")  # fmt: skip
    assert told["errors"][0]["pointer"] == "/lines/change/0/id"

    would = accepted(do("POST", f"{path}/cancel?dry_run=true"), 200)
    assert (would["stage"], would["effects"]["stock"][0]["reserved"]) == ("cancelled", -1)
    ended = accepted(do("POST", f"{path}/cancel", {"reason": "changed their mind"}), 200)
    assert ended["stage"] == "cancelled"
    assert ended["reason"] == "cancelled: told by native: changed their mind"
    assert world.synq.order(order["id"])["status"] == "cancelled"
    problem(do("POST", f"{path}/hold"), 409, "illegal-move")


def test_a_change_is_meant_for_the_version_that_if_match_names(world: World) -> None:
    do = world.native.send
    order = confirmed(world)
    path = f"/orders/{order['id']}"
    old = do("GET", path).headers["etag"]
    changed = do("PATCH", path, {"notes": "a"}, If_Match=old)
    assert changed.status_code == 200
    new = do("GET", path).headers["etag"]
    assert changed.headers["etag"] == new != old
    for way, body in (("cancel", None), ("shipments", {}), ("hold", {}), ("notes", {"text": "b"})):
        answer = do("POST", f"{path}/{way}", body, If_Match=old)
        assert problem(answer, 412, "changed-meanwhile")["current_version"] == new, way
    sent = accepted(do("POST", f"{path}/shipments", {}, If_Match=new))
    answer = do("POST", f"/shipments/{sent['id']}/deliver", {}, If_Match=old)
    problem(answer, 412, "changed-meanwhile")


def test_a_repeat_of_a_change_is_answered_byte_for_byte(world: World) -> None:
    do, key = world.native.send, uuid.uuid4().hex
    order = confirmed(world, 4)
    path = f"/orders/{order['id']}/shipments"
    body = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}]}
    first, again = (do("POST", path, body, Idempotency_Key=key) for _ in range(2))
    assert first.status_code == 201
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    body["lines"][0]["quantity"] = 1.0
    assert do("POST", path, body, Idempotency_Key=key).content == first.content
    body["lines"][0]["quantity"] = 2
    assert "lines" in problem(do("POST", path, body, Idempotency_Key=key), 409, "key-reused")[
        "detail"
    ]  # fmt: skip
    assert world.native.order(order["id"])["lines"][0]["shipped"] == 1


def test_an_explanation_says_what_may_be_done_and_why_not(world: World) -> None:
    order = confirmed(world)
    told = accepted(world.native.send("GET", f"/orders/{order['number']}/explain"), 200)
    assert set(told) == {
        "stage", "since", "waiting_for", "last_error", "try", "tries_max", "next_try_at",
        "held_by", "legal", "sentence",
    }  # fmt: skip
    assert (told["stage"], told["waiting_for"]) == ("confirmed", None)
    legal = {one["command"]: one["why_not"] for one in told["legal"]}
    assert legal["ship"] is legal["cancel"] is legal["hold"] is None
    assert legal["deliver"] == "no goods of the order have left"


def test_money_is_taken_and_given_back(world: World, server: Server) -> None:
    do = world.native.send
    order = confirmed(world, 3, **PAID)
    path, whole = f"/orders/{order['id']}", order["totals"]["total"]
    would = accepted(do("POST", f"{path}/captures?dry_run=true", {"amount": "10.00"}), 200)
    assert [(one["kind"], one["amount"]) for one in would["effects"]["money"]] == [
        ("capture", "10.00")
    ]
    problem(do("POST", f"{path}/refunds"), 409, "illegal-move")
    taken = accepted(do("POST", f"{path}/captures"))
    assert (taken["kind"], taken["state"], taken["amount"]) == ("capture", "prepared", whole)
    order = until_money(world, order["id"], captured=whole)
    assert order["payment"] == "paid"
    line_id = order["lines"][0]["id"]
    problem(do("POST", f"{path}/refunds", {"amount": "1000000.00"}), 409, "illegal-move")
    parts = {"lines": [{"line_id": line_id, "quantity": 1}], "reason": "one was broken"}
    back = accepted(do("POST", f"{path}/refunds", parts))
    assert (back["kind"], back["amount"]) == ("refund", order["lines"][0]["unit_price"])
    order = until_money(world, order["id"], refunded=back["amount"])
    assert order["payment"] == "partially_refunded"
    assert world.konvo.order(order["id"])["status"] == "PARTIALLY_REFUNDED"
    server.verify()


def until_money(world: World, order_id: str, **sums: str) -> dict[str, Any]:
    """The order, once its money has these sums."""

    def probe() -> dict[str, Any] | None:
        order = world.native.order(order_id)
        return order if {name: order["money"][name] for name in sums} == sums else None

    return eventually(probe, f"the money of {order_id} has {sums}")


@pytest.mark.parametrize(
    "said",
    [
        "number", "#number", "external_id", "reference", "GRACE@example.org", "+44 20 7946 0958",
        "020 79460958", "grace hopp", "id", "sku",
    ],
)  # fmt: skip
def test_an_order_is_found_by_what_people_say(
    found: dict[str, Any], other: World, said: str
) -> None:
    texts = {
        "number": str(found["number"]), "#number": f"#{found['number']}", "id": found["id"],
        "external_id": "find/me", "reference": "pi_find", "sku": "NEVER-SEEN",
    }  # fmt: skip
    answer = other.native.http.get("/v1/orders", params={"q": texts.get(said, said)})
    listed = [one["id"] for one in accepted(answer, 200)["data"]]
    # The order that made the variant has its SKU as well.
    assert listed[0] == found["id"]
    assert len(listed) == (2 if said == "sku" else 1)


def test_a_search_finds_nothing_else(found: dict[str, Any], other: World) -> None:
    for text in ("grace%", "_", "find", "12", "555 55 55", "hopper@example.org"):
        answer = other.native.http.get("/v1/orders", params={"q": text})
        assert accepted(answer, 200)["data"] == [], text
    both = {"q": "Hopper", "stage": found["stage"], "limit": 1}
    answer = accepted(other.native.http.get("/v1/orders", params=both), 200)
    assert [one["id"] for one in answer["data"]] == [found["id"]]
    both = {"q": "find/me", "stage": "draft"}
    assert accepted(other.native.http.get("/v1/orders", params=both), 200)["data"] == []


@pytest.fixture(scope="module")
def found(other: World) -> dict[str, Any]:
    """An order of somebody, with all by which people ask for an order."""
    item = other.synq_line(0) | {"location_id": other.synq.location_id}
    item = item | {"variant_id": str(uuid.uuid4()), "sku": "NEVER-SEEN"}
    accepted(other.synq.create(other.synq_order(items=[item])))
    its = {"variant_id": item["variant_id"], "quantity": 1, "unit_price": "1.00"}
    placed = other.native.place({
        "currency": "EUR", "lines": [its], "external_id": "find/me",
        "payment": {"provider": "stripe", "reference": "pi_find"},
        "customer": {"name": "Grace Hopper", "email": "grace@example.org",
                     "phone": "+44 (20) 7946-0958"},
    })  # fmt: skip
    return other.native.until(placed["id"])


def asks_for(world: World, operation: Any, names: dict[str, str]) -> httpx.Response:
    """A request of an operation that names something in its path."""
    path = operation.path.removeprefix("/v1")
    for name, text in names.items():
        path = path.replace(f"{{{name}}}", text)
    body = next(iter(EXAMPLES.get(("native", operation.operation_id), {}).values()), None)
    return world.native.send(operation.method, path, body)


def test_nothing_of_another_organization_is_known(world: World, other: World) -> None:
    """Every operation on one thing answers for a foreign one as for one that is nowhere."""
    do = world.native.send
    order = confirmed(world, external_id="across")
    sent = accepted(do("POST", f"/orders/{order['id']}/shipments"))
    asked = accepted(do("POST", f"/orders/{order['id']}/returns"))
    foreign = {
        "orders": order["id"], "shipments": sent["id"], "returns": asked["id"],
        "variants": order["lines"][0]["variant_id"],
    }  # fmt: skip
    before = world.native.order(order["id"])
    tried = 0
    for operation in DIALECT.operations:
        if "{" not in operation.path:
            continue
        noun = operation.path.split("/")[2]
        if noun not in foreign:
            continue
        [name] = [one.name for one in operation.parameters if one.where == "path"]
        tried += 1
        theirs = asks_for(other, operation, {name: foreign[noun]})
        nowhere = asks_for(other, operation, {name: str(uuid.uuid4())})
        assert theirs.status_code == nowhere.status_code == 404, operation.operation_id
        told, absent = (one.json() | {"request_id": ""} for one in (theirs, nowhere))
        assert told == absent, operation.operation_id
    assert tried >= 18
    assert world.native.order(order["id"]) == before
    assert accepted(other.native.send("GET", f"/orders?customer_id={order['customer']['id']}"),
                    200)["data"] == []  # fmt: skip
    mine = other.native.place(other.native_order(lines=[line(other)], external_id="across"))
    assert other.native.order("across")["id"] == mine["id"]
