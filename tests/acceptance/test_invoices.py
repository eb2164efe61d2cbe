"""Invoices from outside: an order of any dialect is billed, and Polinate lists what was made."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from tests.acceptance.test_native import problem

from entrepot.testing.clients import (
    Body,
    World,
    accepted,
    assert_envelope,
    konvo_order,
    neighbour,
    order_number,
)
from entrepot.testing.server import Server, eventually

INVOICES = "/api/v1/invoices"


@pytest.fixture(scope="module")
def billed(server: Server) -> Iterator[World]:
    """An organization whose orders get their invoices when they are confirmed."""
    with neighbour(server, "Billed") as organization:
        do = organization.native.send
        accepted(do("PATCH", "/settings", {"invoices": "confirmation"}), 200)
        vase = {"sku": "VASE", "name": "Vase", "currency": "EUR", "price": "5", "tracked": False}
        organization.variants = [accepted(do("POST", "/variants", vase))]
        yield organization


def listed(world: World, **query: Any) -> Body:
    found: Body = accepted(world.polinate.get(INVOICES, **query), 200)
    return found


def of(world: World, order_id: str) -> Body:
    """The invoice of an order, as the native API has it."""

    def probe() -> Body | None:
        answer = world.native.send("GET", f"/invoices/{uuid.UUID(order_number(order_id))}")
        return answer.json() if answer.status_code == 200 else None

    found: Body = eventually(probe, f"order {order_id} has an invoice")
    return found


def made(world: World, **changes: object) -> Body:
    """The invoice, as Polinate lists it, of an order that Polinate made."""
    order = world.polinate.create(world.polinate_order([0], **changes))
    number = of(world, order["id"])["number"]
    found: list[Body] = listed(world)["items"]
    return next(one for one in found if one["invoiceNumber"] == number)


def change(world: World, invoice: Body, body: Body, key: str | None = None) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return world.polinate.http.patch(f"{INVOICES}/{invoice['id']}", json=body, headers=headers)


def test_an_order_of_synq_is_billed_and_polinate_lists_the_invoice(
    billed: World, server: Server
) -> None:
    line = {"product_title": "Engraving", "unit_price": 12.5, "quantity": 2}
    body = {
        "idempotency_key": uuid.uuid4().hex, "payment_provider": "stripe",
        "payment_reference": "pi_1", "currency": "EUR", "channel": "web", "items": [line],
    }  # fmt: skip
    order_id = accepted(billed.synq.create(body))["order_id"]
    billed.synq.until(order_id, "confirmed")
    order, native = billed.polinate.order(order_id), of(billed, order_id)
    shown = listed(billed)["items"][0]
    assert shown["orderId"] == order["id"]
    assert shown["partnershipId"] == order["partnershipId"]
    assert shown["totalAmount"] == order["totalAmount"] == native["total"]
    assert (shown["status"], shown["invoiceNumber"]) == ("AUTHORISED", native["number"])
    [item] = shown["invoiceItems"]
    assert (item["name"], item["quantity"], item["price"]) == ("Engraving", 2, "12.5")
    assert item["orderItemId"] == order["orderItems"][0]["id"]
    server.verify()


def test_an_invoice_is_changed_once_under_a_key_and_its_events_are_told(billed: World) -> None:
    one = made(billed)
    key = uuid.uuid4().hex
    told = {"reference": "INV-1", "properties": {"xero": {"invoiceId": "X1"}}}
    first = change(billed, one, told, key)
    changed = accepted(first, 200)
    assert changed == one | told | {"updatedAt": changed["updatedAt"]}
    again = change(billed, one, told, key)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    reused = change(billed, one, {"reference": "INV-2"}, key)
    assert reused.status_code == 409
    assert_envelope("polinate", reused, "reference")
    further = {"status": "PAID", "properties": {"xero": {"paid": None}, "sage": {"no": 456}}}
    changed = accepted(change(billed, one, further), 200)
    assert changed["status"] == "PAID"
    assert changed["properties"] == {"xero": {"invoiceId": "X1", "paid": None}, "sage": {"no": 456}}
    assert changed["notes"] is None
    assert accepted(change(billed, one, {}), 200) == changed
    as_read = change(billed, one, changed)
    assert (accepted(as_read, 200), "Warning" in as_read.headers) == (changed, False)
    other = change(billed, one, changed | {"totalAmount": "0.01"})
    assert (accepted(other, 200), "totalAmount" in other.headers["Warning"]) == (changed, True)
    events = accepted(billed.native.send("GET", "/events?types=invoice.updated&limit=200"), 200)
    its = [e for e in events["data"] if e["subject"]["id"] == str(uuid.UUID(one["id"][4:]))]
    assert [e["seq"] for e in its] == [2, 3]
    assert its[1]["body"]["changed"]["status"] == ["AUTHORISED", "PAID"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "SENT"}, "status"),
        ({"status": None}, "status"),
        ({"notes": 5}, "notes"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"properties": [1]}, "properties"),
        ({"amount": 5}, "body"),
    ],
)
def test_faults_of_an_invoice_are_named(billed: World, body: Body, field: str) -> None:
    one = listed(billed)["items"] or [made(billed)]
    answer = change(billed, one[0], body)
    assert answer.status_code == 400, answer.text
    assert_envelope("polinate", answer, field)


def test_lists_are_asked_for_by_everything(billed: World) -> None:
    before = listed(billed)["total"]
    one, two = made(billed), made(billed)
    accepted(change(billed, one, {"properties": {"invoiceArtefact": {"url": "x"}}}), 200)
    accepted(change(billed, two, {"status": "OVERDUE", "properties": {"a": {"b": 7}}}), 200)
    page = listed(billed, limit=1, page=2)
    assert (page["total"], page["page"], page["pageSize"]) == (before + 2, 2, 1)
    assert [i["id"] for i in page["items"]] == [one["id"]]
    ids = {one["id"], two["id"]}

    def found(**query: Any) -> set[str]:
        return {i["id"] for i in listed(billed, limit=100, **query)["items"]} & ids

    assert found(hasArtefact="true") == {one["id"]}
    assert found(hasArtefact="false") == {two["id"]}
    assert found(status="OVERDUE") == {two["id"]}
    assert found(propertyPath="a.b", propertyValue="7") == {two["id"]}
    assert found(propertyPath="a.b", propertyExists="false") == {one["id"]}
    assert found(propertyPath="a.b", propertyExists="true", hasArtefact="true") == {two["id"]}
    assert found(createdSince=one["createdAt"]) <= {two["id"]}
    assert listed(billed, createdSince=two["createdAt"])["items"] == []
    for query, field in (
        ({"hasArtefact": "yes"}, "hasArtefact"), ({"propertyPath": "a"}, "propertyPath"),
        ({"propertyValue": "7"}, "propertyPath"), ({"status": "SENT"}, "status"),
        ({"propertyPath": "a", "propertyValue": "7", "propertyExists": "true"}, "propertyValue"),
        ({"limit": "101"}, "limit"), ({"page": "0"}, "page"), ({"createdSince": "x"}, "createdS"),
    ):  # fmt: skip
        answer = billed.polinate.get(INVOICES, **query)
        assert answer.status_code == 400, query
        assert_envelope("polinate", answer, field)


def test_the_native_api_lists_and_gets(billed: World, world: World) -> None:
    one = made(billed)
    do = billed.native.send
    numbers, after = [], ""
    while True:
        page = accepted(do("GET", f"/invoices?limit=2{after}"), 200)
        numbers += [i["number"] for i in page["data"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert numbers == list(range(len(numbers), 0, -1))
    own = uuid.UUID(one["id"].removeprefix("inv_"))
    assert accepted(do("GET", f"/invoices/{own}"), 200) == of(billed, one["orderId"])
    problem(do("GET", f"/invoices/{uuid.uuid4()}"), 404, "unknown-invoice")
    problem(do("GET", "/invoices/x"), 404, "unknown-invoice")
    problem(world.native.send("GET", f"/invoices/{own}"), 404, "unknown-invoice")
    assert change(world, one, {"notes": "x"}).status_code == 404
    assert change(billed, {"id": "inv_x"}, {"notes": "x"}).status_code == 404


def test_orders_of_other_systems_and_of_organizations_without_invoices_get_none(
    billed: World, world: World
) -> None:
    before = listed(billed)["total"]
    accepted(billed.konvo.post(konvo_order(status="fulfilled")))
    assert listed(billed)["total"] == before
    world.synq_created()
    assert listed(world) == {"items": [], "total": 0, "page": 1, "pageSize": 20}
