"""Products in the native API, and one catalogue behind all dialects."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.acceptance.test_native import pointers, problem

from entrepot.testing.clients import Body, World, accepted, konvo_order, neighbour
from entrepot.testing.server import Server

SHIRT: Body = {
    "name": "Shirt", "handle": "shirt", "brand": "Acme", "properties": {"erp": {"no": 1}},
    "variants": [
        {"variant_name": "Small", "sku": "SH-S", "currency": "EUR", "price": "12.50",
         "cost": "4.00", "weight": 0.25, "options": {"size": "S"}},
        {"variant_name": "Large", "sku": "SH-L", "currency": "EUR", "price": "14.00"},
    ],
}  # fmt: skip


@pytest.fixture
def shop(server: Server) -> Iterator[World]:
    with neighbour(server, uuid.uuid4().hex) as organization:
        yield organization


def events(world: World, about: str) -> list[Body]:
    found, start = [], 0
    while True:
        page = accepted(world.native.send("GET", f"/events?after={start}&limit=200"), 200)
        found += [event for event in page["data"] if event["subject"]["id"] == about]
        if page["last"] == start:
            return found
        start = page["last"]


def put(world: World, product: Body, body: Body, **headers: str) -> httpx.Response:
    return world.native.send("PATCH", f"/products/{product['id']}", body, **headers)


def test_a_product_is_made_once_under_a_key_and_read(shop: World, world: World) -> None:
    do, key = shop.native.send, uuid.uuid4().hex
    first = do("POST", "/products", SHIRT, Idempotency_Key=key)
    shirt = accepted(first)
    again = do("POST", "/products", SHIRT, Idempotency_Key=key)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert [one["name"] for one in shirt["variants"]] == ["Shirt - Small", "Shirt - Large"]
    small = shirt["variants"][0]
    assert (small["cost"], str(small["weight"]), small["options"]) == (
        "4.00",
        "0.25",
        {"size": "S"},
    )
    read = do("GET", f"/products/{shirt['id']}")
    assert accepted(read, 200) == shirt
    assert read.headers["etag"] == first.headers["etag"]
    same = do("GET", f"/products/{shirt['id']}", If_None_Match=read.headers["etag"])
    assert same.status_code == 304
    assert accepted(do("GET", f"/variants/{small['id']}"), 200) == small
    [event] = events(shop, shirt["id"])
    assert (event["type"], event["seq"], event["dialect"]) == ("product.created", 1, "native")
    problem(world.native.send("GET", f"/products/{shirt['id']}"), 404, "unknown-product")
    taken = {"name": "x", "variants": [{"sku": "SH-S", "currency": "EUR", "price": "1"}]}
    told = problem(do("POST", "/products", taken), 409, "duplicate-entry")
    assert told["errors"][0]["pointer"] == "/variants/0/sku"
    taken = {"name": "x", "handle": "shirt", "variants": [{"currency": "EUR", "price": "1"}]}
    told = problem(do("POST", "/products", taken), 409, "duplicate-entry")
    assert told["errors"][0]["pointer"] == "/handle"
    wrong = {"name": "", "variants": [{"price": 1, "weight": -1}], "colour": "red"}
    assert {"/name", "/variants/0/price", "/variants/0/weight"} <= set(
        pointers(do("POST", "/products", wrong))
    )


def test_a_product_is_amended_in_the_version_that_is_meant(shop: World, server: Server) -> None:
    do = shop.native.send
    made = do("POST", "/products", SHIRT)
    shirt, tag = accepted(made), made.headers["etag"]
    small, large = shirt["variants"]
    change = {
        "brand": None,
        "properties": {"erp": {"at": "x"}},
        "variants": {
            "add": [{"variant_name": "Huge", "sku": "SH-L", "currency": "EUR", "price": "15.00"}],
            "change": [{"id": small["id"], "price": "13.00"}],
            "remove": [large["id"]],
        },
    }
    dry = accepted(do("PATCH", f"/products/{shirt['id']}?dry_run=true", change), 200)
    assert [one["price"] for one in dry["variants"]] == ["13.00", "15.00"]
    assert accepted(do("GET", f"/products/{shirt['id']}"), 200) == shirt
    changed = put(shop, shirt, change, If_Match=tag)
    after = accepted(changed, 200)
    assert (after["version"], after["brand"]) == (2, None)
    assert after["properties"] == {"erp": {"no": 1, "at": "x"}}
    problem(put(shop, shirt, {"brand": "B"}, If_Match=tag), 412, "changed-meanwhile")
    told = events(shop, shirt["id"])[-1]
    assert (told["type"], told["seq"]) == ("product.updated", 2)
    [price] = told["body"]["prices"]
    assert (price["from"]["price"], price["to"]["price"]) == ("12.50", "13.00")
    first, second = after["variants"]
    swap = [{"id": first["id"], "sku": second["sku"]}, {"id": second["id"], "sku": first["sku"]}]
    after = accepted(put(shop, shirt, {"variants": {"change": swap}}), 200)
    assert [one["sku"] for one in after["variants"]] == [second["sku"], first["sku"]]
    for one in after["variants"]:
        found = accepted(do("GET", f"/variants?sku={one['sku']}"), 200)["data"]
        assert [by_sku["id"] for by_sku in found] == [one["id"]]
    gone = accepted(do("GET", f"/variants/{large['id']}"), 200)
    assert gone["deleted_at"] is not None
    # Nothing of it is kept where a part is refused.
    both = {"brand": "C", "variants": {"remove": [small["id"], str(uuid.uuid4())]}}
    unknown = problem(put(shop, shirt, both), 400, "unknown-variant")
    assert unknown["errors"][0]["pointer"] == "/variants/remove/1"
    assert accepted(do("GET", f"/products/{shirt['id']}"), 200) == after
    ended = accepted(put(shop, shirt, {"status": "deleted"}), 200)
    assert (ended["status"], ended["variants"]) == ("deleted", [])
    problem(put(shop, shirt, {"status": "active"}), 409, "illegal-move")
    again = accepted(do("POST", "/products", SHIRT))
    assert again["id"] != shirt["id"]
    server.verify()


def test_a_deleted_variant_stays_in_its_orders_and_is_in_no_new_one(shop: World) -> None:
    do = shop.native.send
    shirt = accepted(do("POST", "/products", {**SHIRT, "variants": [
        one | {"tracked": False} for one in SHIRT["variants"]
    ]}))  # fmt: skip
    small = shirt["variants"][0]
    line = {"variant_id": small["id"], "quantity": 1}
    order = shop.native.place({"currency": "EUR", "lines": [line]})
    accepted(put(shop, shirt, {"variants": {"remove": [small["id"]]}}), 200)
    [kept] = shop.native.until(order["id"], "confirmed")["lines"]
    assert (kept["variant_id"], kept["title"]) == (small["id"], "Shirt - Small")
    for named in (line, {"sku": "SH-S", "quantity": 1}):
        told = do("POST", "/orders", {"currency": "EUR", "lines": [named]})
        problem(told, 400, "unknown-variant")


def test_products_are_listed_page_by_page_and_filtered(shop: World) -> None:
    do = shop.native.send
    made = [
        accepted(do("POST", "/products", {
            "name": f"No. {number}", "status": "draft" if number == 1 else "active",
            "variants": [{"sku": f"N-{number}", "currency": "EUR", "price": "1"}],
        }))
        for number in range(4)
    ]  # fmt: skip
    accepted(shop.synq.adjust(str(uuid.uuid4()), 3), 200)  # a product that nobody told

    def listed(**query: Any) -> list[Body]:
        found, after = [], ""
        told = "&".join(f"{name}={value}" for name, value in query.items())
        while True:
            page = accepted(do("GET", f"/products?limit=2&{told}{after}"), 200)
            found += page["data"]
            if page["next"] is None:
                return found
            after = f"&after={page['next']}"

    everything = listed()
    assert [one["id"] for one in everything[:4]] == [one["id"] for one in made]
    assert (everything[4]["version"], len(everything[4]["variants"])) == (0, 1)
    assert listed(status="draft") == [made[1]]
    assert listed(status="active") == [made[0], *made[2:], everything[4]]
    assert listed(sku="N-2") == [made[2]]
    assert listed(sku="N-2", status="draft") == []
    assert pointers(do("GET", "/products?status=sold")) == ["/status"]


def test_one_catalogue_behind_all_dialects(shop: World, server: Server) -> None:
    """An item of Polinate is sold by Synq and named by Konvo, from stock that Synq adjusts."""
    variant = {"variantName": "Default", "sku": "POT", "currency": "EUR", "price": 19.9, "cost": 7}
    body = {"item": {"name": "Pot", "handle": "pot", "type": "OTHER"}, "variants": [variant]}
    item = accepted(shop.polinate.http.post("/api/v1/items", json=body))
    [id_] = [str(uuid.UUID(one.removeprefix("var_"))) for one in item["variantIds"]]
    accepted(shop.synq.adjust(id_, 5), 200)
    line = {
        "variant_id": id_, "location_id": shop.synq.location_id, "product_title": "Pot",
        "unit_price": 19.9, "quantity": 2,
    }  # fmt: skip
    shop.synq_created(items=[line], currency="EUR")
    made = shop.polinate.create(
        shop.polinate_order(
            (), orderItems=[{"itemVariantId": item["variantIds"][0], "quantity": 2}]
        )
    )
    shop.synq.until(str(uuid.UUID(made["id"].removeprefix("ord_"))), "confirmed")
    native = shop.native.place({"currency": "EUR", "lines": [{"sku": "POT", "quantity": 2}]})
    assert shop.native.until(native["id"])["stage"] == "failed", "one is left"
    [level] = accepted(shop.native.send("GET", f"/stock?variant_id={id_}"), 200)["data"]
    assert (level["on_hand"], level["reserved"]) == (5, 4)

    shown = konvo_order()
    goods = shown["items"][0] | {"id": "theirs-1", "sku": "POT"}
    told = accepted(shop.konvo.post(konvo_order(items=[goods])))["result"][0]
    mirrored = shop.native.order(told["id"])["lines"][0]
    assert mirrored["variant_id"] == id_, "a Konvo line of the same SKU names the variant"
    again = accepted(shop.konvo.post(konvo_order(items=[goods | {"sku": "OTHER"}])))["result"][0]
    assert shop.native.order(again["id"])["lines"][0]["variant_id"] == id_, (
        "and its id from then on"
    )

    price = {"updateVariants": [{"id": item["variantIds"][0], "price": 21}]}
    path = f"/api/v1/items/{item['id']}"
    accepted(shop.polinate.http.patch(path, json=price), 200)
    audit = accepted(shop.synq.get("/api/v1/audit"), 200)
    actions = [one["action"] for one in audit if one["entity_type"] == "PRODUCT"]
    assert actions == ["PRODUCT_PRICE_CHANGED", "PRODUCT_CREATED"]
    server.verify()


def test_products_behind_the_first_hundred_are_listed(server: Server) -> None:
    with neighbour(server, "Many things") as many:
        path, wanted = "/api/v1/pim/products", []
        for number in range(5):
            body = {"title": f"Thing {number}"}
            wanted.append(accepted(many.synq.http.post(path, json=body))["id"])
        found = accepted(many.synq.get(path, limit=2), 200)
        while page := accepted(many.synq.get(path, limit=2, after=found[-1]["id"]), 200):
            found += page
        assert [one["id"] for one in found] == wanted[::-1]
        assert accepted(many.synq.get("/api/v1/products", limit=1), 200) == found[:1]
        for told in ({"limit": 0}, {"after": "x"}, {"after": str(uuid.uuid4())}):
            assert many.synq.get(path, **told).status_code == 400
