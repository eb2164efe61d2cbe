"""Claims of docs/dialects/polinate.md on changing, listing and keys."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.contracts.dialect_claims.polinate import (
    change,
    conflict,
    invalid,
    refused,
)
from tests.contracts.facts import House
from tests.contracts.facts.house import polinate_id, reference

from entrepot.testing.clients import POLINATE_ORDERS, Body, accepted

UNKNOWN = "0" * 32


def hours(count: float) -> str:
    """The time so many hours from now."""
    return f"{datetime.now(UTC) + timedelta(hours=count):%Y-%m-%dT%H:%M:%S.000Z}"


def test_null_clears_what_may_be_missing(house: House) -> None:
    told = {"externalReference": "r", "notes": "n", "deliveryAddress": "d"}
    order_id = house.placed(properties={"a": 1}, **told)["id"]
    times = {"shippedAt": hours(1), "deliveredAt": hours(2)}
    assert (told | times).items() <= accepted(change(house, order_id, **times), 200).items()
    cleared = dict.fromkeys(told | times)
    assert cleared.items() <= accepted(change(house, order_id, **cleared), 200).items()
    assert accepted(change(house, order_id, properties=None), 200)["properties"] == {"a": 1}
    for member in ("phase", "status", "expectedDeliveryAt", "currency", "totalAmount"):
        invalid(change(house, order_id, **{member: None}), member)


UNKNOWN_BODIES: list[Body] = [
    {"status": "PACKED"}, {"Order": {"notes": "n"}}, {"order": {"external_reference": "X"}},
    {"updateOrderItems": [{"id": "LINE"}]}, {"order": {"total": "1"}},
    {"order": {"taxTotal": "1"}}, {"order": {"notes": "n", "shippingCost": 1}},
]  # fmt: skip


@pytest.mark.parametrize("body", UNKNOWN_BODIES, ids=str)
def test_a_change_of_which_nothing_is_known_is_400(house: House, body: Body) -> None:
    order = house.placed()
    text = json.dumps(body).replace("LINE", order["orderItems"][0]["id"])
    answer = house.world.polinate.patch(order["id"], json.loads(text))
    refused(answer, 400, "VALIDATION_ERROR")
    assert house.world.polinate.order(order["id"]) == order


def test_lines_that_are_changed(house: House) -> None:
    order = house.placed()
    first, second = order["orderItems"]

    def lines(**line: object) -> httpx.Response:
        return house.world.polinate.patch(order["id"], {"updateOrderItems": [line]})

    assert accepted(lines(id=first["id"], unitAmount=3.25), 200)["totalAmount"] == "27.00"
    invalid(lines(id=first["id"], unitAmount="1", price="2"), "unitAmount")
    invalid(lines(id=first["id"], quantity=1.50001), "quantity")
    assert accepted(lines(id=first["id"], quantity=1.5), 200)["totalAmount"] == "25.375"
    accepted(lines(id=first["id"], quantity=2), 200)
    goods = second["itemListEntry"]["itemVariantId"]
    invalid(lines(id=first["id"], quantity=1, itemVariantId=goods), "itemVariantId")
    invalid(lines(id=f"oi_{UNKNOWN}", quantity=1), "updateOrderItems[0].id")
    third = house.world.polinate_order([2])["orderItems"]
    made = accepted(
        house.world.polinate.patch(
            order["id"], {"createOrderItems": third, "deleteOrderItems": [second["id"]]}
        ),
        200,
    )
    assert [line["lineNumber"] for line in made["orderItems"]] == [1, 3]
    wanted = accepted(change(house, order["id"], currency="SEK"), 200)
    assert {line["currency"] for line in wanted["orderItems"]} == {"SEK"}
    assert [line["price"] for line in wanted["orderItems"]] == ["3.25", "10.25"]
    ids = [line["id"] for line in made["orderItems"]]
    invalid(house.world.polinate.patch(order["id"], {"deleteOrderItems": ids}), "deleteOrderItems")
    body = {"order": {"totalAmount": "5.0"}, "updateOrderItems": [{"id": ids[0], "quantity": 9}]}
    assert accepted(house.world.polinate.patch(order["id"], body), 200)["totalAmount"] == "5.0"


def test_what_a_payment_fixes(house: House) -> None:
    """Until it is authorised. The customer of this one has to act."""
    body = house.world.synq_order(f"pending-{reference()}")
    order_id = polinate_id(accepted(house.world.synq.create(body))["order_id"])
    read = house.world.polinate.order(order_id)
    line = read["orderItems"][0]
    for body in (
        {"order": {"totalAmount": "1"}}, {"order": {"currency": "USD"}},
        {"updateOrderItems": [{"id": line["id"], "quantity": 9}]},
        {"deleteOrderItems": [line["id"]]},
    ):  # fmt: skip
        conflict(house.world.polinate.patch(order_id, body))
    same: Body = {"totalAmount": f"{read['totalAmount']}0", "currency": read["currency"].lower()}
    after = accepted(change(house, order_id, **same), 200)
    assert (after["totalAmount"], after["orderItems"]) == (read["totalAmount"], read["orderItems"])


def test_words_of_a_managed_order(house: House) -> None:
    order_id = house.placed()["id"]
    same = house.world.polinate.order(order_id)
    assert accepted(change(house, order_id, phase="PENDING"), 200) == same
    accepted(change(house, order_id, status="PACKED"), 200)
    accepted(change(house, order_id, phase="CANCELLED"), 200)
    other = house.placed()["id"]
    accepted(change(house, other, phase="REJECTED"), 200)
    done = house.placed()["id"]
    accepted(change(house, done, status="DELIVERED"), 200)
    accepted(change(house, done, phase="ARCHIVED"), 200)
    accepted(change(house, done, phase="DELETED"), 200)
    conflict(change(house, done, phase="ACTIVE"))
    for ended in (order_id, other):
        conflict(change(house, ended, phase="ACTIVE"))


TIMES: list[tuple[Callable[[], Body], int]] = [
    (lambda: {"shippedAt": hours(24 * 30)}, 200), (lambda: {"shippedAt": hours(24 * 32)}, 400),
    (lambda: {"shippedAt": hours(-24 * 6), "status": "IN_TRANSIT"}, 200),
    (lambda: {"shippedAt": hours(-24 * 8), "status": "IN_TRANSIT"}, 400),
    (lambda: {"shippedAt": hours(5), "deliveredAt": hours(4)}, 400),
    (lambda: {"shippedAt": hours(-1), "status": "PACKED"}, 400),
    (lambda: {"shippedAt": hours(23), "status": "IN_TRANSIT"}, 200),
    (lambda: {"shippedAt": hours(25), "status": "IN_TRANSIT"}, 400),
    (lambda: {"deliveredAt": hours(-1)}, 200),
]  # fmt: skip


@pytest.mark.parametrize(("told", "status"), TIMES)
def test_times_of_a_managed_order(house: House, told: Callable[[], Body], status: int) -> None:
    before, members = house.placed(), told()
    answer = change(house, before["id"], **members)
    assert answer.status_code == status, answer.text
    if status == 200 and "status" not in members:
        after = answer.json()
        assert members.items() <= after.items()
        assert (after["phase"], after["status"]) == (before["phase"], before["status"])


def test_times_of_what_has_happened(house: House) -> None:
    order_id = house.placed()["id"]
    planned = hours(24 * 5)
    accepted(change(house, order_id, shippedAt=planned), 200)
    left = accepted(change(house, order_id, status="IN_TRANSIT"), 200)
    assert left["shippedAt"] < planned, "a planned time gives way"
    conflict(change(house, order_id, shippedAt=None), "shippedAt")
    called_off = house.placed()["id"]
    accepted(change(house, called_off, phase="CANCELLED"), 200)
    conflict(change(house, called_off, shippedAt=hours(-1)), "shippedAt")


def test_properties_of_lines_and_arrays(house: House) -> None:
    order = house.placed(properties={"a": [1, 2], "b": {"c": 1}})
    after = accepted(change(house, order["id"], properties={"a": [3], "b": 2}), 200)
    assert after["properties"] == {"a": [3], "b": 2}
    line = order["orderItems"][0]["id"]
    for told, shown in (
        ({"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
    ):
        body = {"updateOrderItems": [{"id": line, "properties": told}]}
        read = accepted(house.world.polinate.patch(order["id"], body), 200)
        assert read["orderItems"][0]["properties"] == shown


def test_an_empty_change_changes_nothing_and_put_is_none(house: House) -> None:
    order = house.placed()
    assert accepted(house.world.polinate.patch(order["id"], {}), 200) == order
    path = f"{POLINATE_ORDERS}/{order['id']}"
    refused(house.world.polinate.http.put(path, json=order), 405, "METHOD_NOT_ALLOWED")
    stale = house.world.polinate.http.patch(path, json={}, headers={"If-Match": '"0"'})
    refused(stale, 412, "PRECONDITION_FAILED")
    named = house.world.polinate.patch(order["id"], {"order": {"notes": "n", "nots": 1}})
    assert named.headers["Warning"] == '299 - "members that change nothing: order.nots"'


def test_lists(house: House) -> None:
    ids = [house.placed(properties={"k": {"n": n}})["id"] for n in (None, 456, "456", "x")][::-1]

    def found(**query: str | int) -> list[str]:
        page = accepted(house.world.polinate.get(POLINATE_ORDERS, **query), 200)
        return [one["id"] for one in page["items"]]

    assert found(limit=4) == ids, "newest first"
    assert found(propertyPath="k.n", propertyValue="456") == ids[1:3]
    assert found(propertyPath="k.n", propertyExists="true") == ids
    invalid(house.world.polinate.get(POLINATE_ORDERS, propertyPath="k.n"), "propertyPath")
    total = accepted(house.world.polinate.get(POLINATE_ORDERS), 200)["total"]
    past = accepted(house.world.polinate.get(POLINATE_ORDERS, page=10**6), 200)
    assert (past["items"], past["total"]) == ([], total)
    last = house.world.polinate.order(ids[0])["createdAt"]
    for since in ("createdSince", "updatedSince", "modifiedSince"):
        assert ids[0] not in found(**{since: last})


KEYS: list[tuple[str, int]] = [
    ("k" * 255, 201), ("a b", 201), ("k" * 256, 400), ("", 400), ("\u00e9", 400), ('"', 201),
]  # fmt: skip


@pytest.mark.parametrize(("key", "status"), KEYS)
def test_keys_of_the_header(house: House, key: str, status: int) -> None:
    body = house.world.polinate_order()
    headers: Any = {"Idempotency-Key": key.encode("latin-1")}
    answer = house.world.polinate.http.post(POLINATE_ORDERS, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 201:
        again = house.world.polinate.post(body, f'"{key}"')
        assert (again.content, again.headers["Idempotent-Replayed"]) == (answer.content, "true")
        other = house.world.polinate.post(body | {"notes": "other"}, key)
        refused(other, 409, "IDEMPOTENCY_KEY_REUSED", "notes")


def test_what_loses_orders_of_a_walk(house: House) -> None:
    """A filter that moves while its pages are read passes one over; its first page does not."""
    section = f"walk{uuid.uuid4().hex[:8]}"
    made = [house.placed(properties={section: 1})["id"] for _ in range(4)]
    query = {"propertyPath": section, "propertyValue": "1", "limit": 1}

    def page(number: int) -> list[str]:
        found = accepted(house.world.polinate.get(POLINATE_ORDERS, page=number, **query), 200)
        return [one["id"] for one in found["items"]]

    [first] = page(1)
    accepted(change(house, first, properties={section: 2}), 200)
    [second] = page(2)
    assert (first, second) == (made[3], made[1]), "made[2] is passed over"
    read = []
    while found := page(1):
        read += found
        accepted(change(house, found[0], properties={section: 2}), 200)
    assert read == made[2::-1]


def test_a_mark_of_a_later_page_passes_a_change_over(house: House) -> None:
    ids = [house.placed()["id"] for _ in range(3)]
    start = house.world.polinate.order(ids[0])["createdAt"]

    def page(number: int, since: str, limit: int) -> list[Body]:
        query = {"updatedSince": since, "limit": limit, "page": number}
        found = accepted(house.world.polinate.get(POLINATE_ORDERS, **query), 200)
        items: list[Body] = found["items"]
        return items

    [first] = page(1, start, 1)
    changed = accepted(change(house, first["id"], notes="since"), 200)
    later = accepted(change(house, ids[1], notes="since"), 200)
    [second] = page(2, start, 1)
    assert (first["id"], second) == (ids[2], later)
    assert changed not in page(1, second["updatedAt"], 100), "with that mark it is never seen"
    assert changed in page(1, first["updatedAt"], 100), "with the first page's it is"
