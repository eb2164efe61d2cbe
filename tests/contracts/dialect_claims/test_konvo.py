"""Claims of docs/dialects/konvo.md on addresses, errors and what is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from tests.contracts.dialect_claims.konvo import customer, item, refused, told
from tests.contracts.facts import House
from tests.contracts.facts.house import polinate_id

from entrepot.testing.clients import KONVO_ORDERS, Body, accepted, assert_envelope, konvo_order

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", ["/contacts/x", "/broadcasts/x", "/attributions/x", "/clicks/x"])
def test_what_konvo_does_not_serve_yet_is_404(house: House, path: str) -> None:
    answer = house.world.konvo.get(path)
    assert answer.status_code == 404
    assert_envelope("konvo", answer)


def test_head_options_and_unknown_parameters(house: House) -> None:
    http = house.world.konvo.http
    assert http.head(KONVO_ORDERS).content == b""
    assert http.head(KONVO_ORDERS).status_code == 200
    options = http.options(KONVO_ORDERS)
    assert (options.status_code, options.headers["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    other = http.delete(KONVO_ORDERS)
    assert (other.status_code, other.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    named = house.world.konvo.get(KONVO_ORDERS, limit=1, colour="red")
    assert "colour" in named.headers["Warning"]
    assert named.json() == house.world.konvo.get(KONVO_ORDERS, limit=1).json()


def test_a_message_begins_with_the_place(house: House) -> None:
    orders = [konvo_order() for _ in range(4)]
    orders[3]["items"][0]["price"] = "x"
    assert refused(house.world.konvo.post(*orders))["message"].startswith("[3].items[0].price")


REQUIRED = [
    ("id",), ("friendlyName",), ("customer",), ("orderTotal",), ("currency",), ("items",),
    *(("customer", member) for member in ("id", "firstName", "lastName")),
    *(("items", 0, member) for member in ("id", "sku", "name", "price", "msrp", "currency")),
]  # fmt: skip


@pytest.mark.parametrize("place", REQUIRED, ids=str)
def test_null_for_what_is_required_is_400(house: House, place: tuple[str | int, ...]) -> None:
    order = konvo_order()
    part = order
    for step in place[:-1]:
        part = part[step]  # type: ignore[index]
    part[place[-1]] = None  # type: ignore[index]
    refused(house.world.konvo.post(order), str(place[-1]))


def test_orders_with_an_empty_id_are_one_order(house: House) -> None:
    first, second = told(house, id=""), told(house, id="", friendlyName="another")
    assert first["id"] == second["id"]
    assert second["externalName"] == "another"


def people(count: int) -> Body:
    return customer(userIds=[{"type": "email", "id": f"{n}@x.org"} for n in range(count)])


BOUNDS: list[tuple[str, Callable[[int], Body], int]] = [
    ("items", lambda n: konvo_order(items=[item()] * n), 500),
    ("userIds", lambda n: konvo_order(customer=people(n)), 50),
    ("id", lambda n: konvo_order(id="x" * n), 500),
    ("externalId", lambda n: konvo_order(externalId="x" * n), 500),
    ("description", lambda n: konvo_order(items=[item(description="x" * n)]), 100_000),
    ("friendlyName", lambda n: konvo_order(friendlyName="x" * n), 10_000),
    ("sku", lambda n: konvo_order(items=[item(sku="x" * n)]), 10_000),
    ("trackingUrl", lambda n: konvo_order(trackingUrl="x" * n), 10_000),
    ("metadata", lambda n: konvo_order(metadata={"a": "x" * (n - len('{"a":""}'))}), 65_536),
]


@pytest.mark.parametrize(("member", "sized", "most"), BOUNDS, ids=[b[0] for b in BOUNDS])
def test_bounds(house: House, member: str, sized: Callable[[int], Body], most: int) -> None:
    accepted(house.world.konvo.post(sized(most)))
    refused(house.world.konvo.post(sized(most + 1)), member)


def test_an_array_has_at_most_a_thousand_orders(house: House) -> None:
    orders = [konvo_order() for _ in range(1001)]
    refused(house.world.konvo.post(*orders))
    body = accepted(house.world.konvo.post(*orders[:1000]))
    assert body["count"] == 1000
    assert [one["externalId"] for one in body["result"]] == [o["externalId"] for o in orders[:1000]]


def test_a_card_number_is_refused(house: House) -> None:
    for name in ("paymentReference", "cardNumber"):
        refused(
            house.world.konvo.post(konvo_order(metadata={name: "4242424242424242"})), "metadata"
        )


def deep(levels: int) -> str:
    """An array of one order that nests so many levels: the array, the order, its metadata."""
    inner = '{"a":' * (levels - 3) + "1" + "}" * (levels - 3)
    body = json.dumps([konvo_order(metadata={"b": "HERE"})])
    return body.replace('"HERE"', inner)


@pytest.mark.parametrize(
    "wrong",
    [
        deep(33), '[{"id": "\\u0000"}]', '[{"id": "\\ud800"}]', '[{"orderTotal": NaN}]',
        '[{"id": "a", "id": "b"}]', '[{"orderTotal": 9223372036854775809}]',
    ],
    ids=["depth", "NUL", "surrogate", "NaN", "twice", "large"],
)  # fmt: skip
def test_json_that_is_refused(house: House, wrong: str) -> None:
    refused(house.world.konvo.http.post(KONVO_ORDERS, content=wrong, headers=JSON))
    accepted(house.world.konvo.http.post(KONVO_ORDERS, content=deep(32), headers=JSON))


PLACES = [
    ("JPY", 1200, "1200"), ("MGA", 1200, "1200"), ("KWD", 12345, "12.345"), ("UGX", 500, "5"),
    ("ISK", 500, "5"), ("HUF", 500, "5"), ("TWD", 500, "5"), ("CLF", 12345, "1.2345"),
    ("IQD", 12345, "12.345"), ("BTC", 500, "5"), ("HRK", 500, "5"), ("EUR", 10.5, "0.105"),
    ("EUR", -500, "-5"), ("EUR", 0, "0"), ("EUR", 10**15, "10000000000000"),
]  # fmt: skip


@pytest.mark.parametrize(("currency", "minor", "major"), PLACES)
def test_minor_units(house: House, currency: str, minor: float, major: str) -> None:
    made = told(house, currency=currency, orderTotal=minor)
    assert made["orderTotal"] == Decimal(str(minor))
    read = house.world.polinate.order(polinate_id(made["id"]))
    assert (Decimal(read["totalAmount"]), read["currency"]) == (Decimal(major), currency)


WRONG_NUMBERS: list[tuple[str, Body]] = [
    ("orderTotal", {"orderTotal": 10**15 + 1}), ("orderTotal", {"orderTotal": -(10**15) - 1}),
    ("orderTotal", {"orderTotal": 0.12345678}),
    ("in its last decimal place", {"orderTotal": 999999999999999.5}),
    ("price", {"items": [item(price=10**15 + 1)]}),
    ("quantity", {"items": [item(quantity=10**9 + 1)]}),
    ("quantity", {"items": [item(quantity=-(10**9) - 1)]}),
    ("quantity", {"items": [item(quantity=1.00001)]}),
    ("currency", {"currency": "\u017fek"}),
]  # fmt: skip
RIGHT_NUMBERS: list[Body] = [
    {"orderTotal": -(10**15)}, {"orderTotal": 0.1234567},
    *({"items": [item(quantity=n)]} for n in (10**9, -(10**9), 0, -1, 1.5, -0.0001)),
    {"items": [item(inventoryQuantity=-1.5, msrp=10**15 + 1)]},
]  # fmt: skip


@pytest.mark.parametrize(("member", "changes"), WRONG_NUMBERS)
def test_numbers_out_of_bounds(house: House, member: str, changes: Body) -> None:
    refused(house.world.konvo.post(konvo_order(**changes)), member)


@pytest.mark.parametrize("changes", RIGHT_NUMBERS, ids=str)
def test_numbers_within_bounds(house: House, changes: Body) -> None:
    told(house, **changes)


def test_a_quantity_is_one_when_absent(house: House) -> None:
    line = item()
    del line["quantity"]
    made = told(house, items=[line])
    read = house.world.polinate.order(polinate_id(made["id"]))
    assert read["orderItems"][0]["quantity"] == 1


def test_an_id_is_of_one_organization(house: House) -> None:
    order = konvo_order()
    ours, theirs = (
        accepted(world.konvo.post(order))["result"][0]["id"] for world in (house.world, house.other)
    )
    assert ours != theirs


def test_the_same_content_is_the_same_in_any_order_of_members(house: House) -> None:
    order = konvo_order()
    first, again = told(house, **order), told(house, **dict(reversed(order.items())))
    assert first == again
    other = told(house, **order | {"orderTotal": 3996})
    assert other["id"] == first["id"]
    assert other["updatedAt"] > first["updatedAt"]


def test_what_is_absent_in_a_later_telling_stays(house: House) -> None:
    address = dict.fromkeys(
        ("firstName", "lastName", "addressLineOne", "addressLineTwo", "zipCode", "city"), "Pier"
    )
    order = konvo_order()
    kept = {"trackingUrl": "https://t.example", "address": address | {"countryCode": "Elbonia"}}
    first = told(house, **order | kept)
    second = told(house, **order | {"status": "shipped"})
    assert second["trackingUrl"] == "https://t.example"
    assert first["deliveryAddress"] == second["deliveryAddress"]
    assert "Elbonia" in second["deliveryAddress"], "countryCode is any text"
    assert told(house, **order | {"trackingUrl": None})["trackingUrl"] == "https://t.example"
    assert told(house, **order | {"trackingUrl": ""})["trackingUrl"] == ""


def test_a_first_telling_without_a_status_is_open_and_a_way_back_is_said(house: House) -> None:
    order = konvo_order(status=None)
    made = told(house, **order)
    assert made["status"] == "OPEN"
    told(house, **order | {"status": "shipped", "shipmentStatus": "delivered"})
    back = told(house, **order | {"shipmentStatus": "in_transit"})
    assert house.world.synq.order(back["id"])["reason"].startswith("moved_back")


def test_completed_alone_counts_as_delivered(house: House) -> None:
    made = told(house, status="completed")
    assert house.world.polinate.order(polinate_id(made["id"]))["status"] == "DELIVERED"


def test_an_item_of_another_currency_does_not_count_in_the_sum(house: House) -> None:
    lines = [item(price=1000, quantity=1), item(id="b", price=700, quantity=1, currency="USD")]
    made = told(house, items=lines, orderTotal=1000)
    assert house.world.synq.order(made["id"])["subtotal"] == 10
