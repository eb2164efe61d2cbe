"""The native API on a running server: orders, problems, keys, versions, pages, dry runs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from entrepot.core.scopes import MEANINGS
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Operation
from entrepot.edge.native.dialect import DIALECT
from entrepot.testing.clients import Native, World, accepted, konvo_order, neighbour
from entrepot.testing.server import Server


@pytest.fixture(scope="module")
def other(server: Server) -> Iterator[World]:
    with neighbour(server, "Next door") as organization:
        yield organization


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert (told["status"], told["type"]) == (status, f"urn:entrepot:problem:{code}")
    assert told["request_id"] == answer.headers["x-request-id"]
    return told


def pointers(answer: httpx.Response) -> list[str]:
    """The places of all faults of a request."""
    return [one["pointer"] for one in problem(answer, 400, "invalid")["errors"]]


PAID = {"payment": {"provider": "stripe", "reference": "pi_native"}}


def test_an_order_is_placed_and_read_by_any_of_its_names(world: World) -> None:
    body = world.native_order(
        2.5, **PAID, external_id="web-1", shipping_address="1 High Street\nLondon",
        customer={"name": "Ada Lovelace", "email": "ada@example.org"}, metadata={"a": 1.5},
    )  # fmt: skip
    placed = world.native.place(body)
    assert placed["number"] > 0
    assert (placed["stage"], placed["payment"]) == ("placed", "pending")
    order = world.native.until(placed["id"])
    price = world.variants[0]["price"]
    assert (order["stage"], order["payment"]) == ("confirmed", "authorized")
    assert order["lines"][0]["unit_price"] == price
    assert order["money"]["authorized"] == order["totals"]["total"] != "0.00"
    assert [one["state"] for one in order["payment_operations"]] == ["done"]
    assert order["customer"]["name"] == "Ada Lovelace"
    assert order["words"]["synq"] == "confirmed"
    for name in (placed["id"].upper(), str(placed["number"]), f"#{placed['number']}", "web-1"):
        assert world.native.order(name)["id"] == placed["id"]
    # The same order by the other dialects.
    assert world.synq.order(placed["id"])["status"] == "confirmed"
    assert world.konvo.order(placed["id"])["externalId"] == "web-1"


def test_an_order_of_another_dialect_is_read_here(world: World) -> None:
    told = konvo_order(shippingAddress={"address1": "2 Low Street", "city": "Leeds"})
    made = accepted(world.konvo.post(told))["result"][0]
    order = world.native.order(told["id"])
    assert (order["id"], order["dialect"], order["managed"]) == (made["id"], "konvo", False)
    assert told["externalId"] in order["references"]


def test_a_name_of_several_orders_names_the_candidates(world: World) -> None:
    first = world.native.place(world.native_order(external_id="twice"))
    second = world.native.place(world.native_order(external_id="twice"))
    answer = world.native.send("GET", "/orders/twice")
    told = problem(answer, 409, "ambiguous")
    assert told["candidates"] == [second["id"], first["id"]]
    assert f"#{first['number']}" in told["detail"]
    # The number of one order may be what a shop calls another one; with a # the number is meant.
    number = str(first["number"])
    third = world.native.place(world.native_order(external_id=number))
    candidates = problem(world.native.send("GET", f"/orders/{number}"), 409, "ambiguous")
    assert set(candidates["candidates"]) == {first["id"], third["id"]}
    assert world.native.order(f"#{number}")["id"] == first["id"]


def test_every_fault_of_a_body_is_in_one_answer(world: World) -> None:
    lines = [
        {"variant_id": "x", "quantity": 0, "colour": "red"},
        {"sku": 5, "quantity": 1.23456, "unit_price": 1.95},
        {"quantity": "2", "sku": "A", "location_id": "y", "unit_price": "-1"},
    ]
    body = {"currency": "XYZ", "lines": lines, "payment": {"reference": "4111111111111111"}}
    answer = world.native.send("POST", "/orders", body | {"~/": 1})
    assert set(pointers(answer)) == {
        "/currency", "/~0~1", "/lines/0/variant_id", "/lines/0/quantity", "/lines/0/colour",
        "/lines/1/sku", "/lines/1/quantity", "/lines/1/unit_price", "/lines/2/quantity",
        "/lines/2/location_id", "/lines/2/unit_price", "/payment/provider", "/payment/reference",
    }  # fmt: skip
    assert "4111" not in answer.text


def test_every_fault_of_a_query_is_in_one_answer(world: World) -> None:
    path = "/orders?limit=0&stage=open&stage=placed&colour=red&created_after=soon&after=nothing!"
    assert set(pointers(world.native.send("GET", path))) == {
        "/limit", "/stage", "/colour", "/created_after",
    }  # fmt: skip
    assert pointers(world.native.send("GET", "/orders?after=nothing!")) == ["/after"]
    many = "&".join(f"a{number}" for number in range(5_000))
    problem(world.native.send("GET", f"/orders?{many}"), 400, "invalid")
    dry = world.native.send("POST", "/orders?dry_run=maybe", world.native_order())
    assert pointers(dry) == ["/dry_run"]


def test_an_unknown_variant_is_made_by_nobody(world: World) -> None:
    for line in ({"sku": "NOT-THERE"}, {"variant_id": str(uuid.uuid4())}):
        body = world.native_order(lines=[line | {"quantity": 1, "unit_price": "1.00"}])
        told = problem(world.native.send("POST", "/orders", body), 400, "unknown-variant")
        assert told["errors"][0]["pointer"] == f"/lines/0/{next(iter(line))}"


def test_a_repeat_under_a_key_is_answered_byte_for_byte(world: World) -> None:
    body, key = world.native_order(**PAID), uuid.uuid4().hex
    first = world.native.send("POST", "/orders", body, Idempotency_Key=key)
    again = world.native.send("POST", "/orders", body, Idempotency_Key=key)
    assert (first.status_code, first.content) == (201, again.content)
    assert first.json()["number"] > 0
    assert again.headers["idempotent-replayed"] == "true"
    other = world.native.send(
        "POST", "/orders", body | {"notes": "x", "currency": "EUR"}, Idempotency_Key=key
    )
    assert "currency, notes" in problem(other, 409, "key-reused")["detail"]


def test_a_version_that_is_known_is_not_sent_again(world: World) -> None:
    placed = world.native.until(world.native.place(world.native_order())["id"])
    answer = world.native.send("GET", f"/orders/{placed['id']}")
    known = world.native.send(
        "GET", f"/orders/{placed['id']}", If_None_Match=answer.headers["etag"]
    )
    assert (known.status_code, known.content) == (304, b"")


def test_pages_go_on_behind_a_cursor(other: World) -> None:
    its = line(other)
    made = [other.native.place(other.native_order(lines=[its]))["id"] for _ in range(5)]
    found: list[str] = []
    path = first = "/orders?dialect=native&limit=2"
    while path:
        page = accepted(other.native.send("GET", path), 200)
        assert len(page["data"]) <= 2
        found += [one["id"] for one in page["data"]]
        path = page["next"] and f"{first}&after={page['next']}"
    assert found == made[::-1]
    for empty in ("dialect=polinate", "stage=draft", "payment=paid", "returns=returned"):
        page = accepted(other.native.send("GET", f"/orders?{empty}"), 200)
        assert page == {"data": [], "next": None}


def line(organization: World) -> dict[str, Any]:
    """A line of a variant that this organization has: Synq makes one of an unknown id."""
    item = organization.synq_line(0) | {"location_id": organization.synq.location_id}
    accepted(organization.synq.create(organization.synq_order(items=[item])))
    return {"variant_id": item["variant_id"], "quantity": 1, "unit_price": "3.00"}


def test_a_dry_run_tells_what_would_be_and_keeps_nothing(world: World, server: Server) -> None:
    before = accepted(world.native.send("GET", "/orders?limit=1"), 200)
    body = world.native_order(3, **PAID)
    answer = world.native.send("POST", "/orders?dry_run=true", body, Idempotency_Key="never-used")
    would = accepted(answer, 200)
    assert "etag" not in answer.headers
    assert would["totals"]["total"] == would["effects"]["money"][0]["amount"]
    assert [(one["on_hand"], one["reserved"]) for one in would["effects"]["stock"]] == [(0, 3)]
    assert [one["type"] for one in would["effects"]["events"]] == ["order.placed", "stock.reserved"]
    assert accepted(world.native.send("GET", "/orders?limit=1"), 200) == before
    problem(world.native.send("GET", f"/orders/{would['id']}"), 404, "unknown-order")
    much = accepted(world.native.send("POST", "/orders?dry_run=1", world.native_order(10**9)), 200)
    assert (much["stage"], much["effects"]["stock"]) == ("failed", [])
    server.verify()


def test_a_key_opens_what_its_scopes_say(world: World, server: Server) -> None:
    org = server.credentials["synq"]["org_id"]
    made = server.command(
        "key", "create", "--org", org, "--dialect", "native", "--scopes", "orders:read,stock:read",
        "--json",
    )  # fmt: skip
    told = json.loads(made)
    assert told["role"] == "orders:read stock:read"
    with Native(server.url, {"api_key": told["token"]}) as reader:
        accepted(reader.send("GET", "/orders"), 200)
        answer = reader.send("POST", "/orders", world.native_order())
        assert "orders:write" in problem(answer, 403, "forbidden")["detail"]
    for headers in ({}, {"Authorization": "Bearer wrong"}, world.synq.headers):
        answer = httpx.get(f"{server.url}/v1/orders", headers=headers, timeout=30)
        problem(answer, 401, "unauthenticated")


@pytest.mark.parametrize("operation", DIALECT.operations, ids=lambda one: one.operation_id)
def test_an_operation_asks_for_its_scope(
    operation: Operation, world: World, others: dict[str, Native]
) -> None:
    """A key with every scope but the operation's own is turned away before anything is read."""
    assert isinstance(operation.access, Scoped)
    path = operation.path.removeprefix("/v1").replace("{ref}", "x").replace("{id}", "x")
    answer = others[operation.access.scope].send(operation.method, path, {"not": "read"})
    assert operation.access.scope in problem(answer, 403, "forbidden")["detail"]
    allowed = world.native.send(operation.method, path, {"not": "read"})
    assert allowed.status_code in {200, 400, 404}


@pytest.fixture(scope="module")
def others(server: Server) -> Iterator[dict[str, Native]]:
    """For each scope, a client whose key has all scopes but this one."""
    org = server.credentials["synq"]["org_id"]
    made = {}
    for scope in MEANINGS:
        scopes = " ".join(one for one in MEANINGS if one != scope)
        key = json.loads(server.command(
            "key", "create", "--org", org, "--dialect", "native", "--scopes", scopes, "--json"
        ))["token"]  # fmt: skip
        made[scope] = Native(server.url, {"api_key": key})
    yield made
    for client in made.values():
        client.http.close()


def test_an_order_of_another_organization_is_unknown(world: World, other: World) -> None:
    theirs = world.native.place(world.native_order(external_id="theirs-only"))
    for name, absent in (
        (theirs["id"], str(uuid.uuid4())), ("theirs-only", "nobodys"),
    ):  # fmt: skip
        told = [other.native.send("GET", f"/orders/{one}") for one in (name, absent)]
        bodies = [problem(one, 404, "unknown-order") | {"request_id": ""} for one in told]
        assert bodies[0] == bodies[1]
