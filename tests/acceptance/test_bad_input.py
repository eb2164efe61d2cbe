"""Bad input: a clear error that names the field, in the dialect's own shape, and nothing stored."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from entrepot.testing.clients import (
    ADJUST,
    KONVO_ORDERS,
    POLINATE_ORDERS,
    SYNQ_ORDERS,
    Body,
    World,
    accepted,
    assert_envelope,
    konvo_order,
)

MIB = 2**20
JSON = "application/json"
_TOKEN = "@token@"
Spoil = Callable[[Any], bytes]


class Operation(NamedTuple):
    """A request that would be taken, to be spoilt in one place. `order` is one that exists."""

    dialect: str
    method: str
    path: str
    body: Callable[[World, Body], Any]


def _adjustment(world: World, _: Body) -> Body:
    return {
        "variant_id": world.variants[0]["id"],
        "location_id": world.synq.location_id,
        "quantity_delta": 1,
    }


def _change(_: World, order: Body) -> Body:
    return {
        "order": {"notes": "must not stay", "properties": {"x": 1}},
        "updateOrderItems": [{"id": order["orderItems"][0]["id"], "quantity": 3}],
    }


def _notice(world: World, order: Body) -> Body:
    return {"orderId": order["id"], "businessId": world.polinate.business_id}


OPERATIONS = {
    "place": Operation("synq", "POST", SYNQ_ORDERS, lambda world, _: world.synq_order()),
    "adjust": Operation("synq", "POST", ADJUST, _adjustment),
    "create": Operation("polinate", "POST", POLINATE_ORDERS, lambda w, _: w.polinate_order()),
    "notify": Operation("polinate", "POST", POLINATE_ORDERS, _notice),
    "change": Operation("polinate", "PATCH", POLINATE_ORDERS + "/{id}", _change),
    "tell": Operation("konvo", "POST", KONVO_ORDERS, lambda *_: [konvo_order(), konvo_order()]),
}


def _reach(body: Any, path: str) -> tuple[Any, Any]:
    place = body
    *steps, last = path.split(".")
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    return place, int(last) if isinstance(place, list) else last


def put(path: str, value: object) -> Spoil:
    """The body with one member set; `path` as in `items.0.quantity`."""

    def spoil(body: Any) -> bytes:
        place, last = _reach(body, path)
        place[last] = value
        return json.dumps(body).encode()

    return spoil


def drop(path: str) -> Spoil:
    """The body without one member."""

    def spoil(body: Any) -> bytes:
        place, last = _reach(body, path)
        del place[last]
        return json.dumps(body).encode()

    return spoil


def token(path: str, text: bytes) -> Spoil:
    """The body with these very bytes as one member's value, JSON or not."""
    return lambda body: put(path, _TOKEN)(body).replace(f'"{_TOKEN}"'.encode(), text)


def many(path: str, count: int) -> Spoil:
    """The body with one array's first element so many times; the path "" is the body itself."""

    def spoil(body: Any) -> bytes:
        if not path:
            return json.dumps([konvo_order() for _ in range(count)]).encode()
        place, last = _reach(body, path)
        place[last] = [copy.deepcopy(place[last][0]) for _ in range(count)]
        return json.dumps(body).encode()

    return spoil


def twice(member: str) -> Spoil:
    """The body's first object with one member given twice."""
    text = f'{{"{member}": "first", '.encode()
    return lambda body: json.dumps(body).encode().replace(b"{", text, 1)


def raw(text: bytes) -> Spoil:
    """Not the body at all."""
    return lambda _: text


def encoded(charset: str) -> Spoil:
    """The body in another encoding than UTF-8, or with a byte order mark."""
    return lambda body: json.dumps(body).encode(charset)


HUGE = b"9" * 5000
DEEP = b"[" * 1000 + b"]" * 1000
LONE = b'"\\ud800"'
NUL = b'"a\\u0000b"'

# (name, operation, what is spoilt, status, a word that the error must contain)
CASES: list[tuple[str, str, Spoil, int, str]] = [
    ("synq: nothing", "place", raw(b""), 400, ""),
    ("synq: not JSON", "place", raw(b"{]"), 400, ""),
    ("synq: cut off", "place", raw(b'{"idempotency_key": "a'), 400, ""),
    ("synq: an array", "place", raw(b"[]"), 400, "object"),
    ("synq: null", "place", raw(b"null"), 400, ""),
    ("synq: trailing garbage", "place", lambda b: json.dumps(b).encode() + b"x", 400, ""),
    ("synq: UTF-16", "place", encoded("utf-16"), 400, ""),
    ("synq: two byte order marks", "place",
     lambda b: b"\xef\xbb\xbf" + json.dumps(b).encode("utf-8-sig"), 400, ""),
    ("synq: broken UTF-8", "place", token("channel", b'"\xff\xfe"'), 400, ""),
    ("synq: overlong UTF-8", "place", token("channel", b'"\xc0\xaf"'), 400, ""),
    ("synq: 11 MB", "place", lambda b: json.dumps(b).encode().ljust(11 * MIB), 413, ""),
    ("synq: depth 1,000", "place", token("channel", DEEP), 400, "dee"),
    ("synq: depth 1,000 in an unknown member", "place", token("extra", DEEP), 400, "dee"),
    ("synq: a member twice", "place", twice("currency"), 400, "currency"),
    ("synq: no key", "place", drop("idempotency_key"), 400, "idempotency_key"),
    ("synq: key a number", "place", put("idempotency_key", 7), 400, "idempotency_key"),
    ("synq: key null", "place", put("idempotency_key", None), 400, "idempotency_key"),
    ("synq: no provider", "place", drop("payment_provider"), 400, "payment_provider"),
    ("synq: empty provider", "place", put("payment_provider", ""), 400, "payment_provider"),
    ("synq: no reference", "place", drop("payment_reference"), 400, "payment_reference"),
    ("synq: empty reference", "place", put("payment_reference", ""), 400, "payment_reference"),
    ("synq: no lines", "place", drop("items"), 400, "items"),
    ("synq: empty lines", "place", put("items", []), 400, "items"),
    ("synq: lines an object", "place", put("items", {}), 400, "items"),
    ("synq: a line null", "place", put("items.0", None), 400, "items[0]"),
    ("synq: 501 lines", "place", many("items", 501), 400, "items"),
    ("synq: no title", "place", drop("items.0.product_title"), 400, "product_title"),
    ("synq: empty title", "place", put("items.1.product_title", ""), 400, "items[1].product_title"),
    ("synq: no quantity", "place", drop("items.0.quantity"), 400, "quantity"),
    ("synq: quantity 0", "place", put("items.0.quantity", 0), 400, "items[0].quantity"),
    ("synq: quantity -1", "place", put("items.1.quantity", -1), 400, "items[1].quantity"),
    ("synq: quantity 1.5", "place", put("items.0.quantity", 1.5), 400, "items[0].quantity"),
    ("synq: quantity text", "place", put("items.0.quantity", "2"), 400, "items[0].quantity"),
    ("synq: quantity true", "place", put("items.0.quantity", True), 400, "items[0].quantity"),
    ("synq: quantity 2^63", "place", put("items.0.quantity", 2**63), 400, "items[0].quantity"),
    ("synq: quantity of 5,000 digits", "place", token("items.0.quantity", HUGE), 400, "quantity"),
    ("synq: price -0.01", "place", put("items.0.unit_price", -0.01), 400, "items[0].unit_price"),
    ("synq: price text", "place", put("items.0.unit_price", "12.50"), 400, "items[0].unit_price"),
    ("synq: price NaN", "place", token("items.0.unit_price", b"NaN"), 400, "unit_price"),
    ("synq: price Infinity", "place", token("items.0.unit_price", b"-Infinity"), 400, "unit_price"),
    ("synq: price 1e400", "place", token("items.0.unit_price", b"1e400"), 400, "unit_price"),
    ("synq: price 0.00001", "place", token("items.0.unit_price", b"0.00001"), 400, "unit_price"),
    ("synq: price of 5,000 digits", "place", token("items.0.unit_price", HUGE), 400, "unit_price"),
    ("synq: variant not a UUID", "place", put("items.0.variant_id", "v1"), 400, "variant_id"),
    ("synq: no location", "place", drop("items.0.location_id"), 400, "location_id"),
    ("synq: location not a UUID", "place", put("items.0.location_id", "x"), 400, "location_id"),
    ("synq: customer not a UUID", "place", put("customer_id", "me"), 400, "customer_id"),
    ("synq: currency EURO", "place", put("currency", "EURO"), 400, "currency"),
    ("synq: currency XQQ", "place", put("currency", "XQQ"), 400, "currency"),
    ("synq: currency a number", "place", put("currency", 978), 400, "currency"),
    ("synq: channel a list", "place", put("channel", ["web"]), 400, "channel"),
    ("synq: NUL in a title", "place", token("items.0.product_title", NUL), 400, "product_title"),
    ("synq: a lone surrogate", "place", token("channel", LONE), 400, "channel"),
    ("synq: a raw NUL", "place", token("channel", b'"a\x00b"'), 400, "channel"),
    ("adjust: variant not a UUID", "adjust", put("variant_id", "v"), 400, "variant_id"),
    ("adjust: no location", "adjust", drop("location_id"), 400, "location_id"),
    ("adjust: no delta", "adjust", drop("quantity_delta"), 400, "quantity_delta"),
    ("adjust: delta 0.5", "adjust", put("quantity_delta", 0.5), 400, "quantity_delta"),
    ("adjust: delta text", "adjust", put("quantity_delta", "1"), 400, "quantity_delta"),
    ("adjust: delta 2^31", "adjust", put("quantity_delta", 2**31), 400, "quantity_delta"),
    ("polinate: not JSON", "create", raw(b"orderId=1"), 400, ""),
    ("polinate: an array", "create", raw(b"[1]"), 400, ""),
    ("polinate: 2 MB", "create", lambda b: json.dumps(b).encode().ljust(2 * MIB), 413, ""),
    ("polinate: depth 1,000", "create", token("properties", DEEP), 400, "dee"),
    ("polinate: a member twice", "create", twice("currency"), 400, "currency"),
    ("polinate: no date", "create", drop("expectedDeliveryAt"), 400, "expectedDeliveryAt"),
    ("polinate: no such day", "create", put("expectedDeliveryAt", "2025-02-30T00:00:00Z"), 400, "expectedDeliveryAt"),  # noqa: E501
    ("polinate: no lines", "create", put("orderItems", []), 400, "orderItems"),
    ("polinate: 501 lines", "create", many("orderItems", 501), 400, "orderItems"),
    ("polinate: quantity 0", "create", put("orderItems.0.quantity", 0), 400, "orderItems[0].quantity"),  # noqa: E501
    ("polinate: quantity 0.00005", "create", put("orderItems.1.quantity", 0.00005), 400, "orderItems[1].quantity"),  # noqa: E501
    ("polinate: price a word", "create", put("orderItems.0.price", "cheap"), 400, "orderItems[0].price"),  # noqa: E501
    ("polinate: price -1", "create", put("orderItems.0.price", "-1"), 400, "orderItems[0].price"),
    ("polinate: price NaN", "create", put("orderItems.0.price", "NaN"), 400, "orderItems[0].price"),
    ("polinate: currency", "create", put("currency", "EURO"), 400, "currency"),
    ("polinate: phase", "create", put("phase", "LIVE"), 400, "phase"),
    ("polinate: properties a list", "create", put("properties", []), 400, "properties"),
    ("polinate: NUL in notes", "create", token("notes", NUL), 400, "notes"),
    ("polinate: an unknown variant", "create", put("orderItems.0.itemVariantId", "var_" + "0" * 32), 400, "itemVariantId"),  # noqa: E501
    ("notify: no business", "notify", drop("businessId"), 400, "businessId"),
    ("notify: orderId a number", "notify", put("orderId", 1), 400, "orderId"),
    ("notify: orderId empty", "notify", put("orderId", ""), 400, "orderId"),
    ("notify: another business", "notify", put("businessId", "bus_" + "0" * 32), 400, "businessId"),
    ("change: not JSON", "change", raw(b"{"), 400, ""),
    ("change: phase", "change", put("order.phase", "OPEN"), 400, "phase"),
    ("change: status a number", "change", put("order.status", 4), 400, "status"),
    ("change: quantity -1", "change", put("updateOrderItems.0.quantity", -1), 400, "updateOrderItems[0].quantity"),  # noqa: E501
    ("change: no line id", "change", drop("updateOrderItems.0.id"), 400, "updateOrderItems[0]"),
    ("change: total a word", "change", put("order.totalAmount", "much"), 400, "totalAmount"),
    ("change: date", "change", put("order.shippedAt", "soon"), 400, "shippedAt"),
    ("change: deletes an object", "change", put("deleteOrderItems", {}), 400, "deleteOrderItems"),
    ("change: lone surrogate", "change", token("order.notes", LONE), 400, "notes"),
    ("konvo: an object", "tell", raw(b"{}"), 400, "array"),
    ("konvo: empty", "tell", raw(b"[]"), 400, ""),
    ("konvo: 1,001 orders", "tell", many("", 1001), 400, "000"),
    ("konvo: 11 MB", "tell", lambda b: json.dumps(b).encode().ljust(11 * MIB), 413, ""),
    ("konvo: no id in the second", "tell", drop("1.id"), 400, "[1]"),
    ("konvo: no id at all", "tell", put("1.id", None), 400, "[1].id"),
    ("konvo: no customer name", "tell", drop("1.customer.firstName"), 400, "[1].customer"),
    ("konvo: a status nobody knows", "tell", put("1.status", "payed"), 400, "[1].status"),
    ("konvo: shipment status", "tell", put("0.shipmentStatus", "lost"), 400, "[0].shipmentStatus"),
    ("konvo: source", "tell", put("1.source", "fax"), 400, "[1].source"),
    ("konvo: total too fine", "tell", put("1.orderTotal", 1e-8), 400, "[1].orderTotal"),
    ("konvo: total text", "tell", put("0.orderTotal", "3995"), 400, "[0].orderTotal"),
    ("konvo: price 1e400", "tell", token("1.items.0.price", b"1e400"), 400, "[1].items[0].price"),
    ("konvo: price text", "tell", put("1.items.0.price", "29"), 400, "[1].items[0].price"),
    ("konvo: quantity 1.00005", "tell", put("1.items.0.quantity", 1.00005), 400, "[1].items[0].quantity"),  # noqa: E501
    ("konvo: quantity 0.00005", "tell", put("0.items.0.quantity", 0.00005), 400, "[0].items[0].quantity"),  # noqa: E501
    ("konvo: no image", "tell", drop("1.items.0.imageUrl"), 400, "imageUrl"),
    ("konvo: currency", "tell", put("1.currency", "\u017fek"), 400, "[1].currency"),
    ("konvo: 501 lines", "tell", many("1.items", 501), 400, "[1].items"),
    ("konvo: identifier type", "tell", put("1.customer.userIds.0.type", "fax"), 400, "userIds[0].type"),  # noqa: E501
    ("konvo: metadata a list", "tell", put("1.metadata", [1]), 400, "[1].metadata"),
    ("konvo: NUL in a name", "tell", token("1.friendlyName", NUL), 400, "friendlyName"),
    ("konvo: address cut short", "tell", put("1.address", {"city": "Rome"}), 400, "[1].address"),
]  # fmt: skip

ADDRESSES = [
    ("synq", f"{SYNQ_ORDERS}/not-a-uuid", 400),
    ("synq", f"{SYNQ_ORDERS}/%00", 400),
    ("polinate", f"{POLINATE_ORDERS}/nothing", 404),
    ("konvo", f"{KONVO_ORDERS}/nothing", 404),
]


@pytest.fixture(scope="module")
def order(world: World) -> Body:
    """An order that exists, for the operations that change one."""
    order_id = world.synq_created()["id"]
    return world.polinate.order("ord_" + order_id.replace("-", ""))


def book(world: World, order: Body) -> tuple[int, int, bytes]:
    """The number of orders, and the known order: a wrongly stored request changes one of them."""
    return (
        accepted(world.polinate.get(POLINATE_ORDERS, limit=1), 200)["total"],
        accepted(world.konvo.get(KONVO_ORDERS, limit=1), 200)["count"],
        world.polinate.get(f"{POLINATE_ORDERS}/{order['id']}").content,
    )


@pytest.fixture
def untouched(world: World, order: Body) -> Iterator[None]:
    """The order book is the same after every request of the test."""
    before = book(world, order)
    yield
    assert book(world, order) == before


def send(
    operation: Operation, body: bytes, world: World, order: Body, media: str = JSON
) -> httpx.Response:
    client = world.dialects[operation.dialect].http
    path = operation.path.format(id=order["id"])
    headers = {"Content-Type": media}
    return client.request(operation.method, path, content=body, headers=headers)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("name", "spoil", "status", "word"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_bad_input_is_refused(
    name: str, spoil: Spoil, status: int, word: str, world: World, order: Body
) -> None:
    operation = OPERATIONS[name]
    answer = send(operation, spoil(operation.body(world, order)), world, order)
    assert answer.status_code == status, answer.text
    assert_envelope(operation.dialect, answer, word)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("media", ["text/plain", "application/xml", "multipart/form-data"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_only_json_is_taken(name: str, media: str, world: World, order: Body) -> None:
    operation = OPERATIONS[name]
    body = json.dumps(operation.body(world, order)).encode()
    answer = send(operation, body, world, order, media)
    assert answer.status_code == 400
    assert_envelope(operation.dialect, answer, "json")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("dialect", "path", "status"), ADDRESSES)
def test_an_id_that_is_none(dialect: str, path: str, status: int, world: World) -> None:
    answer = world.dialects[dialect].get(path)
    assert answer.status_code == status
    assert_envelope(dialect, answer)


NO_TEXT = ["%ff", "a%C3", "%ed%a0%80", "%00"]


@pytest.mark.parametrize("value", NO_TEXT)
@pytest.mark.parametrize(
    ("dialect", "path", "name"),
    [
        ("synq", "/api/v1/pim/bulk-jobs", "type"),
        ("polinate", POLINATE_ORDERS, "propertyValue"),
        ("konvo", "/contacts", "q"),
        ("native", "/v1/orders", "q"),
    ],
)
def test_bytes_that_spell_no_text_are_no_value(
    world: World, dialect: str, path: str, name: str, value: str
) -> None:
    """They would be read as U+FFFD, and find an order that has this character."""
    beside = "propertyPath=a&" if name == "propertyValue" else ""
    answer = world.dialects[dialect].get(f"{path}?{beside}{name}={value}")
    assert answer.status_code == 400
    assert f"{name}: holds a character that no text can have" in answer.text


@pytest.mark.parametrize("dialect", ["synq", "native"])
def test_a_name_of_bytes_that_spell_no_text_is_unknown(world: World, dialect: str) -> None:
    path = {"synq": SYNQ_ORDERS, "native": "/v1/orders"}[dialect]
    answer = world.dialects[dialect].get(f"{path}?limit%ff=1")
    assert (answer.status_code, "is no query parameter" in answer.text) == (400, True)


@pytest.mark.parametrize("name", ["place", "create", "tell", "notify", "adjust", "change"])
def test_the_body_that_is_spoilt_is_a_good_one(name: str, world: World, order: Body) -> None:
    """Each case must fail for what was spoilt, so the operations are taken when nothing is."""
    operation = OPERATIONS[name]
    if name == "change":
        fresh = world.polinate.create(world.polinate_order())
        body = json.dumps(operation.body(world, fresh)).encode()
        assert send(operation, body, world, fresh).status_code == 200
        return
    body = json.dumps(operation.body(world, order)).encode()
    assert send(operation, body, world, order).status_code in {200, 201}


def test_there_are_enough_cases() -> None:
    names = [row[0] for row in CASES]
    assert len(set(names)) == len(names) >= 60
