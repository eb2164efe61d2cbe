"""Price lists from outside: made by Polinate, and looked at by whoever orders without a price."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from entrepot.testing.clients import Body, World, accepted, assert_envelope, neighbour
from entrepot.testing.server import Server

PRICING = "/api/v1/pricing"


@pytest.fixture(scope="module")
def shop(server: Server) -> Iterator[World]:
    """An organization with two variants that nobody counts, at 10.00 and 20.00 EUR."""
    with neighbour(server, "Wholesale") as organization:
        organization.variants = [variant(organization, f"{n}0.00") for n in (1, 2)]
        yield organization


def variant(world: World, price: str, currency: str = "EUR") -> Body:
    body = {"sku": uuid.uuid4().hex, "name": "Thing", "currency": currency, "price": price,
            "tracked": False}  # fmt: skip
    made: Body = accepted(world.native.send("POST", "/variants", body))
    return made


def buyer(world: World) -> Body:
    """A buyer, with the id of the partnership."""
    body = {"buyer": {"name": "Acme", "primaryEmail": f"{uuid.uuid4().hex}@example.org"}}
    made: Body = accepted(world.polinate.http.post("/api/v1/buyers", json=body))
    return made


def var(one: Body) -> str:
    return "var_" + uuid.UUID(one["id"]).hex


def pricing(world: World, body: Body, key: str | None = None) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return world.polinate.http.post(PRICING, json=body, headers=headers)


def trade(world: World, *partnerships: str, **of_list: Any) -> Body:
    """A list with both variants: the first at 8.00, the second at its own price."""
    body = {
        "itemList": {"name": "Trade", "currency": "EUR"} | of_list,
        "entries": [
            {"itemVariantId": var(world.variants[0]), "price": "8.00"},
            {"itemVariantId": var(world.variants[1])},
        ],
        "partnershipIds": list(partnerships),
    }
    made: Body = accepted(pricing(world, body))
    return made


def ordered(world: World, lines: list[Body], partnership: str | None, **more: Any) -> Any:
    body = {"expectedDeliveryAt": "2030-01-15T10:30:00Z", "orderItems": lines} | more
    if partnership is not None:
        body["partnershipId"] = partnership
    return world.polinate.post(body)


def prices(world: World, partnership: str | None, **more: Any) -> list[str]:
    """The prices of an order of one of each variant, which says none."""
    lines = [{"itemVariantId": var(one), "quantity": 1} for one in world.variants]
    order = accepted(ordered(world, lines, partnership, **more))
    return [line["price"] for line in order["orderItems"]]


def test_a_buyer_pays_the_price_of_the_list(shop: World, server: Server) -> None:
    one, other = buyer(shop)["partnershipId"], buyer(shop)["partnershipId"]
    made = trade(shop, one, percentageAdjustment=-10)
    assert (made["success"], made["itemListId"][:5], len(made["entryIds"])) == (True, "list_", 2)
    assert prices(shop, one) == ["7.20", "18.00"]
    assert prices(shop, other) == prices(shop, None) == ["10.00", "20.00"]
    listed = accepted(shop.polinate.get(f"/api/v1/buyers/{_buyer_of(one)}"), 200)
    assert listed["itemListId"] == made["itemListId"]
    server.verify()


def _buyer_of(partnership: str) -> str:
    return "phm_" + partnership.removeprefix("prt_")


def test_a_second_list_takes_the_place_of_the_first(shop: World) -> None:
    one = buyer(shop)["partnershipId"]
    trade(shop, one)
    order = accepted(ordered(shop, [{"itemVariantId": var(shop.variants[0]), "quantity": 1}], one))
    trade(shop, one, percentageAdjustment="-50")
    assert prices(shop, one) == ["4.00", "10.00"]
    # The line of before keeps its price.
    again = shop.polinate.order(order["id"])
    assert again["orderItems"][0]["price"] == "8.00"
    added = {"createOrderItems": [{"itemVariantId": var(shop.variants[1]), "quantity": 1}]}
    changed = accepted(shop.polinate.patch(order["id"], added), 200)
    assert [line["price"] for line in changed["orderItems"]] == ["8.00", "10.00"]


def test_an_entry_of_a_list_is_ordered_by_its_id(shop: World) -> None:
    made = trade(shop)
    lines = [{"itemListEntryId": made["entryIds"][0], "quantity": 2}]
    order = accepted(ordered(shop, lines, None))
    [line] = order["orderItems"]
    assert (line["itemListEntryId"], line["price"]) == (made["entryIds"][0], "8.00")
    assert line["itemListEntry"]["itemVariantId"] == var(shop.variants[0])
    twice = ordered(shop, lines * 2, None)
    assert twice.status_code == 409
    told = accepted(ordered(shop, [lines[0] | {"price": "9.99"}], None))
    assert told["orderItems"][0]["price"] == "9.99"
    # The default list is out of play for a buyer who has another one.
    nobodys = accepted(
        ordered(shop, [{"itemVariantId": var(shop.variants[0]), "quantity": 1}], None)
    )
    default = [{"itemListEntryId": nobodys["orderItems"][0]["itemListEntryId"], "quantity": 1}]
    one = buyer(shop)["partnershipId"]
    its = trade(shop, one)["entryIds"][0]
    prices_ = [
        (line["price"], line["itemListEntryId"] == its)
        for who in (None, one)
        for line in accepted(ordered(shop, default, who))["orderItems"]
    ]
    assert prices_ == [("10.00", False), ("8.00", True)]


def test_a_native_order_takes_the_price_of_its_customers_list(shop: World) -> None:
    one = buyer(shop)["partnershipId"]
    trade(shop, one)
    customer = str(uuid.UUID(one.removeprefix("prt_")))
    line = {"variant_id": shop.variants[0]["id"], "quantity": 1}
    body = {"currency": "EUR", "lines": [line], "customer": {"id": customer}}
    placed = shop.native.place(body)
    assert placed["lines"][0]["unit_price"] == "8.00"
    by_sku = {"sku": shop.variants[0]["sku"], "quantity": 1}
    other = shop.native.place(body | {"lines": [{"sku": shop.variants[1]["sku"], "quantity": 1}]})
    added = {"lines": {"add": [by_sku]}}
    changed = accepted(shop.native.send("PATCH", f"/orders/{other['id']}", added), 200)
    assert [one["unit_price"] for one in changed["lines"]] == ["20.00", "8.00"]
    assert shop.native.place(body | {"lines": [by_sku]})["lines"][0]["unit_price"] == "8.00"


def test_a_variant_that_is_not_on_the_list_has_its_own_price(shop: World) -> None:
    one = buyer(shop)["partnershipId"]
    entry = {"itemVariantId": var(shop.variants[0]), "price": "8.00"}
    listed = {"name": "Short", "percentageAdjustment": -50}
    body = {"itemList": listed, "entries": [entry], "partnershipIds": [one]}
    accepted(pricing(shop, body))
    assert prices(shop, one) == ["4.00", "20.00"]


def test_a_list_in_another_currency_needs_a_price(shop: World) -> None:
    one = buyer(shop)["partnershipId"]
    entry = {"itemVariantId": var(shop.variants[0]), "price": "9.00", "currency": "USD"}
    accepted(
        pricing(shop, {"itemList": {"name": "US"}, "entries": [entry], "partnershipIds": [one]})
    )
    line = {"itemVariantId": var(shop.variants[0]), "quantity": 1}
    order = accepted(ordered(shop, [line], one))
    assert (order["currency"], order["totalAmount"]) == ("USD", "9.00")
    refused = ordered(shop, [line], one, currency="EUR")
    assert refused.status_code == 400
    assert_envelope("polinate", refused, "orderItems[0].price")


def test_a_list_is_made_once_under_a_key(shop: World) -> None:
    key = uuid.uuid4().hex
    body = {"itemList": {"name": "Once"}, "entries": [
        {"itemVariantId": var(shop.variants[0]), "price": 8.5}]}  # fmt: skip
    first = pricing(shop, body, key)
    accepted(first)
    body["entries"][0]["price"] = "8.50"
    again = pricing(shop, body, key)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    body["entries"][0]["price"] = "8.51"
    assert pricing(shop, body, key).status_code == 409


def test_faults_of_a_price_list_are_all_named(shop: World, world: World) -> None:
    nobody = "0" * 32
    theirs = var(world.variants[0])
    good = {"itemVariantId": var(shop.variants[0]), "price": "1"}
    body = {
        "itemList": {"name": "x"},
        "entries": [good, good, {"itemVariantId": f"var_{nobody}"}, {"itemVariantId": theirs}],
        "partnershipIds": [f"prt_{nobody}"],
    }
    answer = pricing(shop, body)
    assert answer.status_code == 400
    faults = answer.json()["fieldErrors"]
    assert set(faults) == {
        "entries[1].itemVariantId", "entries[2].itemVariantId", "entries[3].itemVariantId",
        "partnershipIds[0]",
    }  # fmt: skip
    one = {"itemVariantId": good["itemVariantId"]}
    for wrong, field in (
        ({"entries": []}, "entries"), ({"entries": [one | {"price": "-1"}]}, "entries[0].price"),
        ({"entries": [one | {"price": "abc"}]}, "entries[0].price"),
        ({"entries": [one | {"price": True}]}, "entries[0].price"),
        ({"entries": [one | {"currency": "EURO"}]}, "entries[0].currency"),
        ({"entries": [one | {"currency": "USD"}]}, "entries[0].price"),
        ({"itemList": {}}, "name"), ({"itemList": {"name": ""}}, "name"),
        ({"itemList": {"name": "x", "percentageAdjustment": -101}}, "percentageAdjustment"),
        ({"itemList": {"name": "x", "percentageAdjustment": "1.23456"}}, "percentageAdjustment"),
        ({"itemList": {"name": "x", "discount": 5}}, "discount"), ({"lists": []}, "lists"),
    ):  # fmt: skip
        refused = pricing(shop, {"itemList": {"name": "x"}, "entries": [good]} | wrong)
        assert refused.status_code == 400, wrong
        assert_envelope("polinate", refused, field)
