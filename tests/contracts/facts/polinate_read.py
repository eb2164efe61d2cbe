"""Facts 57 to 95 and 106 to 146: reading and listing orders through Polinate."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
from tests.contracts import Shape, polinate
from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import polinate_id, valid

from entrepot.testing.clients import POLINATE_ORDERS, Body, assert_envelope

facts = Facts("polinate orders")


def read(house: House, order_id: str) -> Body:
    answer: Body = house.world.polinate.get(f"{POLINATE_ORDERS}/{order_id}").json()
    return answer


def page(house: House, **query: str | int) -> Body:
    answer = house.world.polinate.get(POLINATE_ORDERS, **query)
    assert answer.status_code == 200, answer.text
    body: Body = answer.json()
    return body


def walk(house: House, **query: str) -> list[Body]:
    orders: list[Body] = []
    for number in range(1, 1000):
        found = page(house, page=number, limit=100, **query)["items"]
        orders += found
        if len(found) < 100:
            return orders
    raise AssertionError("the walk does not end")


def refused(answer: httpx.Response, status: int = 400, field: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("polinate", answer, field)
    valid(answer.json(), polinate.ERROR)


def ask(house: House, **query: str | int) -> httpx.Response:
    return house.world.polinate.get(POLINATE_ORDERS, **query)


@facts(57, "GET /api/v1/orders/{id} 200", "seed 002")
def _(house: House) -> None:
    order = house.placed()
    assert read(house, order["id"])["id"] == order["id"]


@facts.each(58, [("Synq",), ("Polinate",), ("Konvo",)], "a valid Order, told by {}", "seed 002")
def _(house: House, origin: str) -> None:
    valid(read(house, house.readable[origin]["id"]), polinate.ORDER_READ)


def _member(name: str, shape: Shape, required: tuple[str, ...]) -> tuple[object, ...]:
    kind = shape.type + (" nullable" if shape.nullable else "")
    return name, kind + (", required" if name in required else ""), shape


# In the order of the schema; `phase` to `updatedAt` as the seed lists them.
ORDER = [
    "id", "partnershipId", "membershipId", "integrationId", "phase", "status", "internalReference",
    "externalReference", "notes", "deliveryAddress", "expectedDeliveryAt", "deliveredAt",
    "shippedAt", "currency", "totalAmount", "properties", "createdAt", "updatedAt", "orderItems",
]  # fmt: skip
assert polinate.ORDER_READ.members is not None
MEMBERS = [
    _member(name, polinate.ORDER_READ.members[name], polinate.ORDER_REQUIRED) for name in ORDER
]
assert polinate.ORDER_ITEM.members is not None
LINE_MEMBERS = [
    _member(name, shape, polinate.ORDER_ITEM.required)
    for name, shape in polinate.ORDER_ITEM.members.items()
]


@facts.each(61, MEMBERS, "Order.{0}: {1}", "seed 002")
def _(house: House, name: str, _says: str, shape: Shape) -> None:
    for order in house.readable.values():
        valid(read(house, order["id"])[name], shape)


@facts.each(80, LINE_MEMBERS, "OrderItem.{0}: {1}", "seed 002")
def _(house: House, name: str, _says: str, shape: Shape) -> None:
    for order in house.readable.values():
        for line in read(house, order["id"])["orderItems"]:
            valid(line[name], shape)


@facts(93, "itemListEntry.itemVariantId and .itemVariant.itemId required", "seed 002")
def _(house: House) -> None:
    for order in house.readable.values():
        for line in read(house, order["id"])["orderItems"]:
            entry = line["itemListEntry"]
            assert entry["itemVariantId"]
            assert entry["itemVariant"]["itemId"]


@facts(95, "404 StandardError", "seed 002")
def _(house: House) -> None:
    refused(house.world.polinate.get(f"{POLINATE_ORDERS}/ord_nope"), 404)


@facts(106, "GET /api/v1/orders envelope items,total,page,pageSize", "page R-ord-list, G-orders")
@facts(107, "page default 1", "page R-ord-list, G-orders")
@facts(108, "limit default 20", "page R-ord-list, G-orders")
@facts(115, "items are valid Orders", "page R-ord-list, G-orders")
def _(house: House) -> None:
    house.placed()
    body = page(house)
    assert set(body) == {"items", "total", "page", "pageSize"}
    assert (body["page"], body["pageSize"]) == (1, 20)
    assert len(body["items"]) == min(20, body["total"])
    for order in body["items"]:
        valid(order, polinate.ORDER_READ)


@facts(109, "limit max 100: 100 is taken", "page R-ord-list, G-orders")
@facts(114, "pageSize shows the limit in force", "page R-ord-list, G-orders")
def _(house: House) -> None:
    assert [page(house, limit=limit)["pageSize"] for limit in (100, 3)] == [100, 3]


BAD_QUERIES: list[tuple[object, ...]] = [
    ("limit over 100 not served", {"limit": 101}, "limit"),
    ("page > 0", {"page": 0}, "page"),
    ("limit > 0", {"limit": 0}, "limit"),
]


@facts.each(110, BAD_QUERIES, "{0}", "page R-ord-list, G-orders")
def _(house: House, _says: str, query: dict[str, Any], field: str) -> None:
    refused(ask(house, **query), 400, field)


@facts(113, "page and limit are integers", "page R-ord-list, G-orders")
def _(house: House) -> None:
    for wrong in ("1.5", "x", "", "1e1", "٣"):
        refused(ask(house, page=wrong), 400, "page")
        refused(ask(house, limit=wrong), 400, "limit")


@facts(116, "pages walk through all, once each; total is all", "page R-ord-list, G-orders")
def _(house: House) -> None:
    for _ in range(3):
        house.placed()
    total = page(house)["total"]
    seen = []
    for number in range(1, total // 3 + 2):
        seen += [order["id"] for order in page(house, page=number, limit=3)["items"]]
    assert (len(seen), len(set(seen))) == (total, total)


@facts(117, "createdSince strict", "page R-ord-list, G-orders")
@facts(118, "updatedSince strict", "page R-ord-list, G-orders")
@facts(119, "modifiedSince: created or updated later", "page R-ord-list, G-orders")
@facts(120, "createdSince and updatedSince may be combined", "page R-ord-list, G-orders")
def _(house: House) -> None:
    first, second = house.placed()["id"], house.placed()["id"]
    house.world.polinate.patch(first, {"order": {"notes": "later"}})
    created = read(house, second)["createdAt"]
    updated = read(house, second)["updatedAt"]
    book = walk(house)
    wanted = {
        "createdSince": {o["id"] for o in book if o["createdAt"] > created},
        "updatedSince": {o["id"] for o in book if o["updatedAt"] > updated},
        "modifiedSince": {
            o["id"] for o in book if o["createdAt"] > updated or o["updatedAt"] > updated
        },
    }
    times = {"createdSince": created, "updatedSince": updated, "modifiedSince": updated}
    for name, time in times.items():
        assert {o["id"] for o in walk(house, **{name: time})} == wanted[name], name
    assert first in wanted["updatedSince"]
    both = walk(house, createdSince=created, updatedSince=updated)
    assert {o["id"] for o in both} == wanted["createdSince"] & wanted["updatedSince"]


@facts.each(
    121, [("createdSince",), ("updatedSince",)], "modifiedSince excludes {}", "page R-ord-list"
)
def _(house: House, name: str) -> None:
    time = "2024-01-01T00:00:00Z"
    refused(ask(house, modifiedSince=time, **{name: time}), 400, "modifiedSince")


@facts(123, "times without milliseconds (2024-01-01T00:00:00Z)", "page R-ord-list, G-orders")
@facts(124, "a time with offset +hh:mm (url-encoded)", "page R-ord-list, G-orders")
def _(house: House) -> None:
    total = page(house)["total"]
    for time in ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00+02:00", "2024-01-01T00:00:00.5Z"):
        assert page(house, createdSince=time)["total"] == total
    assert page(house, createdSince="2100-01-01T00:00:00+14:00")["total"] == 0


@facts(125, "a bad time is refused", "page R-ord-list, G-orders")
def _(house: House) -> None:
    for wrong in ("x", "", "2024-13-01T00:00:00Z", "yesterday", "1700000000"):
        refused(ask(house, updatedSince=wrong), 400, "updatedSince")


PHASE_FILTERS: list[tuple[object, ...]] = [("phase", word) for word in polinate.PHASE.enum]
STATUS_FILTERS: list[tuple[object, ...]] = [("status", word) for word in polinate.STATUS.enum]


@facts.each(126, PHASE_FILTERS + STATUS_FILTERS, "{}={} exact filter", "page R-ord-list, G-orders")
def _(house: House, member: str, word: str) -> None:
    order_id = polinate_id(house.world.konvo_created()["id"])
    assert house.world.polinate.patch(order_id, {"order": {member: word}}).status_code == 200
    found = {order["id"] for order in walk(house, **{member: word})}
    assert found == {order["id"] for order in walk(house) if order[member] == word}
    assert order_id in found


@facts(140, "phase/status outside the enum refused", "page R-ord-list, G-orders")
def _(house: House) -> None:
    for member in ("phase", "status"):
        for wrong in ("X", "", "active", "ACTIVE,PENDING"):
            refused(ask(house, **{member: wrong}), 400, member)


@facts(141, "propertyPath + propertyExists=true", "page R-ord-list, G-orders")
@facts(142, "propertyPath + propertyExists=false", "page R-ord-list, G-orders")
@facts(143, "propertyPath + propertyValue=12345", "page R-ord-list, G-orders")
def _(house: House) -> None:
    section = f"sage{uuid.uuid4().hex[:8]}"
    path = f"{section}.salesOrderNo"
    having = house.placed(properties={section: {"salesOrderNo": "12345"}})["id"]
    other = house.placed(properties={section: {"salesOrderNo": "9"}})["id"]
    lacking = house.placed()["id"]

    def found(**query: str) -> set[str]:
        return {order["id"] for order in walk(house, propertyPath=path, **query)}

    assert found(propertyExists="true") == {having, other}
    assert found(propertyValue="12345") == {having}
    without = found(propertyExists="false")
    assert lacking in without
    assert not without & {having, other}


PROPERTY_RULES: list[tuple[object, ...]] = [
    (
        "propertyValue and propertyExists exclude each other",
        {"propertyPath": "a.b", "propertyValue": "1", "propertyExists": "true"},
    ),
    ("propertyValue needs propertyPath", {"propertyValue": "1"}),
    ("propertyExists needs propertyPath", {"propertyExists": "true"}),
]


@facts.each(144, PROPERTY_RULES, "{0}", "page R-ord-list, G-orders")
def _(house: House, _says: str, query: dict[str, Any]) -> None:
    refused(ask(house, **query), 400, "property")
