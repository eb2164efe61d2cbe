"""Facts 313 to 344 and 458 to 463: what Konvo's operations answer, and how they list."""

from __future__ import annotations

from tests.contracts import konvo
from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import dashed, polinate_id, valid
from tests.contracts.facts.konvo_input import refused, sample

from entrepot.testing.clients import KONVO_ORDERS, Body, accepted

facts = Facts("konvo orders")
assert konvo.ORDER.members is not None
# A text that only some orders have; the seed requires no member of an answered order.
MEMBERS: list[tuple[object, ...]] = [
    (name, shape.type) for name, shape in konvo.ORDER.members.items() if name != "shopId"
]


def told(house: House, **changes: object) -> Body:
    order: Body = accepted(house.world.konvo.post(sample(**changes)))["result"][0]
    return order


def listed(house: House, **query: str | int) -> Body:
    body: Body = accepted(house.world.konvo.get(KONVO_ORDERS, **query), 200)
    return body


@facts.each(313, MEMBERS, "Order.{}: {}", "seed 003")
def _(house: House, name: str, _type: str) -> None:
    assert konvo.ORDER.members is not None
    valid(house.konvo_sample[name], konvo.ORDER.members[name])


@facts(328, "Order.shopId: string", "seed 003")
def _(house: House) -> None:
    shop = house.konvo_sample["shopId"]
    assert isinstance(shop, str)
    assert shop
    other = accepted(house.other.konvo.post(sample()))["result"][0]
    assert other["shopId"] != shop, "a shop is an organization"


@facts(329, "createdAt/updatedAt with milliseconds and Z", "seed 003")
@facts(330, "status in upper case (PAID), currency in lower case", "seed 003")
@facts(331, "the answer is schema-valid", "seed 003")
def _(house: House) -> None:
    order = house.konvo_sample
    for time in (order["createdAt"], order["updatedAt"]):
        assert len(time) == len("2024-11-07T11:57:25.000Z")
        assert time[-5] == "."
        assert time[-1] == "Z"
    assert (order["status"], order["currency"]) == ("PAID", "usd")
    valid(order, konvo.ORDER)


@facts(332, "GET /orders 200 {count,result}", "page konvo orders/get")
@facts(335, "all parameters optional", "page konvo orders/get")
def _(house: House) -> None:
    assert set(listed(house)) == {"count", "result"}


@facts(333, "limit max 200", "page konvo orders/get")
def _(house: House) -> None:
    accepted(house.world.konvo.get(KONVO_ORDERS, limit=200), 200)
    refused(house.world.konvo.get(KONVO_ORDERS, limit=201), "limit")


@facts(334, "page integer", "page konvo orders/get")
@facts(340, "count is the total of the request", "page contacts/get")
def _(house: House) -> None:
    told(house)
    told(house)
    total = listed(house)["count"]
    first, second = (listed(house, limit=1, page=number) for number in (1, 2))
    assert first["count"] == second["count"] == total
    assert first["result"][0]["id"] != second["result"][0]["id"]


BOUNDS: list[tuple[object, ...]] = [
    ("created_at_min", "createdAt"),
    ("created_at_max", "createdAt"),
    ("updated_at_min", "updatedAt"),
    ("updated_at_max", "updatedAt"),
]


@facts.each(336, BOUNDS, "{0}", "page konvo orders/get")
def _(house: House, bound: str, member: str) -> None:
    told(house)
    time = told(house)[member]
    told(house)
    at_most = bound.endswith("max")

    def wanted(order: Body) -> bool:
        shown: str = order[member]
        return shown <= time if at_most else shown >= time

    found = _walk(house, **{bound: time})
    assert {order["id"] for order in found} == {o["id"] for o in _walk(house) if wanted(o)}


def _walk(house: House, **query: str) -> list[Body]:
    orders: list[Body] = []
    for number in range(1, 1000):
        found = listed(house, page=number, limit=200, **query)["result"]
        orders += found
        if len(found) < 200:
            return orders
    raise AssertionError("the walk does not end")


@facts(341, "400 for an unexpected query", "page clicks/get")
def _(house: House) -> None:
    for name, wrong in (("page", "x"), ("limit", "-1"), ("created_at_min", "yesterday")):
        refused(house.world.konvo.get(KONVO_ORDERS, **{name: wrong}), name)


def shown_whole(body: Body, order: Body) -> bool:
    """Whether the envelope has this order alone, with additions that telling it demands."""
    [found] = body["result"]
    added = found.keys() - order.keys()
    expected = {"friendlyName", "customer", "items"}
    return body["count"] == 1 and added == expected and found.items() >= order.items()


@facts(342, "GET /orders/{ID} 200 list envelope", "page konvo orders/get-by-id")
@facts(343, "{ID} is the Konvo id, not the shop's", "page konvo orders/get-by-id")
def _(house: House) -> None:
    order = told(house)
    body = accepted(house.world.konvo.get(f"{KONVO_ORDERS}/{order['id']}"), 200)
    assert shown_whole(body, order)
    assert dashed(order["id"]) == order["id"], "an id of our own, in the form of the example"


@facts(344, "vendor's example: total need not be the sum", "page orders/create")
def _(house: House) -> None:
    assert house.konvo_sample["orderTotal"] == 3995


PLAIN: list[tuple[object, ...]] = [
    ("friendlyName is a plain string: 'xxxx'... is schema-valid", {"friendlyName": "x" * 600}),
    ("externalId is a plain string: '' is schema-valid", {"externalId": ""}),
    ("currency is a plain string: 'EURO' is schema-valid", {"currency": "EURO"}),
]


@facts.each(458, PLAIN, "{0}", "seed 003")
def _(house: House, _says: str, changes: Body) -> None:
    order = told(house, **changes)
    read = house.world.konvo.order(order["id"])
    shown = {"friendlyName": "externalName"}
    for name, value in changes.items():
        assert str(read[shown.get(name, name)]).lower() == value.lower()
    assert house.world.polinate.order(polinate_id(order["id"]))
    assert house.world.synq.order(order["id"])


@facts(461, "a told address is an order's address in the other dialects", "design: one order book")
def _(house: House) -> None:
    order = told(house)
    read = house.world.polinate.order(polinate_id(order["id"]))
    for part in ("John Doe", "123 Main St", "Apt 4B", "10001", "New York", "US"):
        assert part in read["deliveryAddress"]


def _views(house: House, **words: str) -> tuple[str, str, str]:
    order = told(house, **words)
    polinate = house.world.polinate.order(polinate_id(order["id"]))
    synq = house.world.synq.order(order["id"])
    return synq["status"], polinate["phase"], polinate["status"]


@facts(462, "two axes: fulfilled + in_transit is under way", "seed 003")
def _(house: House) -> None:
    views = _views(house, status="fulfilled", shipmentStatus="in_transit")
    assert views == ("fulfilled", "ACTIVE", "IN_TRANSIT")


@facts(463, "two axes: shipped + delivered is delivered", "seed 003")
def _(house: House) -> None:
    views = _views(house, status="shipped", shipmentStatus="delivered")
    assert views == ("delivered", "ACTIVE", "DELIVERED")
