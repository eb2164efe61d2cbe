"""Price lists of the native API: the same lists as Polinate's."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from tests.acceptance.test_native import pointers, problem
from tests.acceptance.test_price_lists import buyer, prices, trade, variant

from entrepot.testing.clients import Body, World, accepted, neighbour
from entrepot.testing.server import Server


@pytest.fixture(scope="module")
def shop(server: Server) -> Iterator[World]:
    """An organization with two variants that nobody counts, at 10.00 and 20.00 EUR."""
    with neighbour(server, "Retail") as organization:
        organization.variants = [variant(organization, f"{n}0.00") for n in (1, 2)]
        yield organization


def customer(world: World) -> tuple[str, str]:
    """A buyer's partnership in Polinate's spelling, and the customer's id."""
    partnership = buyer(world)["partnershipId"]
    return partnership, str(uuid.UUID(partnership.removeprefix("prt_")))


def made(world: World, *customers: str, **more: Any) -> Body:
    """A list with the first variant at 8.00, and 10 % less than that."""
    entry = {"variant_id": world.variants[0]["id"], "price": "8.00"}
    body = {"name": "Trade", "adjustment": "-10", "entries": [entry], "customers": [*customers]}
    found: Body = accepted(world.native.send("POST", "/price-lists", body | more))
    return found


def entries(world: World, list_id: str) -> list[Body]:
    found: list[Body] = accepted(world.native.send("GET", f"/price-lists/{list_id}/entries"), 200)[
        "data"
    ]
    return found


def test_a_list_made_in_polinate_is_read_and_amended_here(shop: World, server: Server) -> None:
    partnership, customer_id = customer(shop)
    told = trade(shop, partnership, percentageAdjustment=-10)
    list_id = str(uuid.UUID(told["itemListId"].removeprefix("list_")))
    do = shop.native.send
    read = do("GET", f"/price-lists/{list_id}")
    assert accepted(read, 200)["adjustment"] == "-10"
    assert do("GET", f"/price-lists/{told['itemListId']}").json() == read.json()
    known = {"If_None_Match": read.headers["ETag"]}
    assert do("GET", f"/price-lists/{list_id}", **known).status_code == 304
    its = {one["variant_id"]: one for one in entries(shop, list_id)}
    first, second = (its[one["id"]] for one in shop.variants)
    assert [uuid.UUID(one["id"]).hex for one in (first, second)] == [
        one.removeprefix("ile_") for one in told["entryIds"]
    ]
    assert (first["price"], first["unit_price"], first["currency"]) == ("8.00", "7.20", "EUR")
    assert (second["price"], second["unit_price"]) == (None, "18.00")

    change = {"adjustment": "-50", "entries": {"remove": [second["variant_id"]]}}
    changed = accepted(do("PATCH", f"/price-lists/{list_id}", change), 200)
    assert changed["adjustment"] == "-50"
    assert [one["unit_price"] for one in entries(shop, list_id)] == ["4.00"]
    assert prices(shop, partnership) == ["4.00", "20.00"]
    tied = accepted(do("GET", f"/customers/{customer_id}"), 200)["partnership"]
    assert tied["price_list_id"] == list_id
    server.verify()


def test_a_list_made_here_is_ordered_by_in_polinate(shop: World, server: Server) -> None:
    partnership, customer_id = customer(shop)
    listed = made(shop, customer_id)
    assert prices(shop, partnership) == ["7.20", "20.00"]
    bought = accepted(shop.polinate.get(f"/api/v1/buyers/phm_{partnership[4:]}"), 200)
    assert bought["itemListId"] == f"list_{uuid.UUID(listed['id']).hex}"
    [entry] = entries(shop, listed["id"])
    line = {"itemListEntryId": f"ile_{uuid.UUID(entry['id']).hex}", "quantity": 1}
    order = {"expectedDeliveryAt": "2030-01-15T10:30:00Z", "orderItems": [line]}
    placed = accepted(shop.polinate.post(order))
    assert placed["orderItems"][0]["price"] == "7.20"

    gone = {"entries": {"remove": [entry["variant_id"]]}, "customers": {"remove": [customer_id]}}
    accepted(shop.native.send("PATCH", f"/price-lists/{listed['id']}", gone), 200)
    assert prices(shop, partnership) == ["10.00", "20.00"]
    # Who names the entry names nothing that is still sold so; the line of before keeps the entry.
    assert shop.polinate.post(order).status_code == 400
    again = shop.polinate.order(placed["id"])["orderItems"][0]
    assert (again["itemListEntryId"], again["price"]) == (line["itemListEntryId"], "7.20")
    back = {"add": [{"variant_id": entry["variant_id"], "price": "5", "currency": "EUR"}]}
    accepted(shop.native.send("PATCH", f"/price-lists/{listed['id']}", {"entries": back}), 200)
    assert [(one["id"], one["price"]) for one in entries(shop, listed["id"])] == [
        (entry["id"], "5")
    ]
    server.verify()


def test_a_list_is_amended_in_the_version_that_is_meant(shop: World) -> None:
    do, listed = shop.native.send, made(shop)
    path = f"/price-lists/{listed['id']}"
    tag = do("GET", path).headers["ETag"]
    key = uuid.uuid4().hex
    change = {
        "name": "Best", "properties": {"erp": {"id": 7}},
        "entries": {
            "change": [{"variant_id": shop.variants[0]["id"], "price": None}],
            "add": [{"variant_id": shop.variants[1]["id"], "price": "15.00"}],
        },
    }  # fmt: skip
    dry = do("PATCH", f"{path}?dry_run=true", change)
    assert accepted(dry, 200)["name"] == "Best"
    assert do("GET", path).headers["ETag"] == tag
    first = do("PATCH", path, change, If_Match=tag, Idempotency_Key=key)
    changed = accepted(first, 200)
    assert (changed["name"], changed["properties"]) == ("Best", {"erp": {"id": 7}})
    again = do("PATCH", path, change, If_Match=tag, Idempotency_Key=key)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    stale = problem(do("PATCH", path, {"name": "x"}, If_Match=tag), 412, "changed-meanwhile")
    assert stale["current_version"] == first.headers["ETag"]
    its = {one["variant_id"]: one["price"] for one in entries(shop, listed["id"])}
    assert its == {shop.variants[0]["id"]: None, shop.variants[1]["id"]: "15.00"}
    page = accepted(do("GET", f"{path}/entries?limit=1"), 200)
    rest = accepted(do("GET", f"{path}/entries?after={page['next']}"), 200)
    assert [one["variant_id"] for one in page["data"] + rest["data"]] == sorted(its)
    assert (len(page["data"]), rest["next"]) == (1, None)
    told = accepted(do("GET", "/events?types=price_list.changed&limit=200"), 200)["data"]
    [event] = [one for one in told if one["subject"]["id"] == listed["id"]]
    assert event["body"] == {
        "name": "Best", "entries": {"changed": 1, "added": 1},
        "changed": {"name": ["Trade", "Best"], "properties": [None, {"erp": {"id": 7}}]},
    }  # fmt: skip
    # What is as it was changes nothing.
    assert do("PATCH", path, {"name": "Best"}).headers["ETag"] == first.headers["ETag"]


def test_lists_are_listed_newest_first_without_the_default_one(server: Server) -> None:
    with neighbour(server, "Corner shop") as corner:
        corner.variants = [variant(corner, "10.00")]
        do = corner.native.send
        assert accepted(do("GET", "/price-lists"), 200) == {"data": [], "next": None}
        kept = [made(corner, name=f"List {n}") for n in range(3)]
        dry = do("POST", "/price-lists?dry_run=true", {
            "name": "x", "entries": [{"variant_id": corner.variants[0]["id"]}],
        })  # fmt: skip
        assert accepted(dry, 200)["name"] == "x"
        page = accepted(do("GET", "/price-lists?limit=2"), 200)
        rest = accepted(do("GET", f"/price-lists?after={page['next']}"), 200)
        assert page["data"] + rest["data"] == kept[::-1]
        assert rest["next"] is None


def test_faults_of_a_native_price_list_are_all_named(shop: World, world: World) -> None:
    do, nobody = shop.native.send, str(uuid.uuid4())
    good = {"variant_id": shop.variants[0]["id"], "price": "1"}
    body = {
        "name": "x", "entries": [good, good, {"variant_id": nobody}], "customers": [nobody],
    }  # fmt: skip
    assert pointers(do("POST", "/price-lists", body)) == [
        "/entries/1/variant_id", "/entries/2/variant_id", "/customers/0",
    ]  # fmt: skip
    for adjustment in ("-100.1", "1000.1", "1.23456", "x", 5):
        wrong = {"name": "x", "entries": [good], "adjustment": adjustment}
        assert pointers(do("POST", "/price-lists", wrong)) == ["/adjustment"], adjustment
    listed = made(shop)
    path = f"/price-lists/{listed['id']}"
    other = shop.variants[1]["id"]
    changes = {"add": [good], "remove": [other], "change": [{"variant_id": other}]}
    faulty = do("PATCH", path, {"entries": changes, "customers": {"add": [nobody]}})
    assert pointers(faulty) == [
        "/entries/remove/0", "/entries/change/0/variant_id", "/entries/add/0/variant_id",
        "/customers/add/0",
    ]  # fmt: skip
    unpriced = {"change": [{"variant_id": good["variant_id"], "price": None, "currency": "USD"}]}
    assert pointers(do("PATCH", path, {"entries": unpriced})) == ["/entries/change/0/price"]
    for unknown in (nobody, "x", made(world)["id"]):
        for method, at in (("GET", ""), ("PATCH", ""), ("GET", "/entries")):
            answer = do(method, f"/price-lists/{unknown}{at}", *([{}] if method == "PATCH" else []))
            problem(answer, 404, "unknown-price-list")


def test_who_has_a_list_is_said_by_a_key_that_may_change_customers(shop: World) -> None:
    _, customer_id = customer(shop)
    opened = {"name": "prices", "scopes": ["stock:read", "stock:write"]}
    secret = accepted(shop.native.send("POST", "/keys", opened))["secret"]
    entry = {"variant_id": shop.variants[0]["id"], "price": "8.00"}
    body = {"name": "Trade", "entries": [entry]}
    allowed = {"Authorization": f"Bearer {secret}"}
    accepted(shop.native.send("POST", "/price-lists", body, **allowed))
    body["customers"] = [customer_id]
    refused = problem(shop.native.send("POST", "/price-lists", body, **allowed), 403, "forbidden")
    assert refused["errors"][0]["pointer"] == "/customers"
