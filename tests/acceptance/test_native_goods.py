"""Goods, events and settings in the native API."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest
from tests.acceptance.test_native import pointers, problem

from entrepot.testing.clients import World, accepted, neighbour
from entrepot.testing.server import Server


@pytest.fixture(scope="module")
def other(server: Server) -> Iterator[World]:
    with neighbour(server, "Down the road") as organization:
        yield organization


def test_goods_are_made_counted_and_told(other: World, world: World, server: Server) -> None:
    do = other.native.send
    made = {"sku": "LAMP", "name": "Lamp", "currency": "EUR", "price": "9.50"}
    lamp = accepted(do("POST", "/variants", made))
    assert (lamp["price"], lamp["tracked"]) == ("9.50", True)
    again = problem(do("POST", "/variants", made | {"name": "x"}), 409, "duplicate-entry")
    assert again["errors"][0]["pointer"] == "/sku"
    assert accepted(do("GET", f"/variants/{lamp['id']}"), 200) == lamp
    assert accepted(do("GET", "/variants?sku=LAMP"), 200)["data"] == [lamp]
    shop = accepted(do("POST", "/locations", {"name": "Shop"}))
    listed = accepted(do("GET", "/locations?limit=1"), 200)
    rest = accepted(do("GET", f"/locations?after={listed['next']}"), 200)
    assert [one["name"] for one in listed["data"] + rest["data"]] == ["Main", "Shop"]

    shelf = {"variant_id": lamp["id"], "location_id": shop["id"], "reason": "counted"}
    first = accepted(do("POST", "/stock/adjustments", shelf | {"set_to": 10}))
    assert (first["delta"], first["reason"], first["kind"]) == (10, "counted", "adjustment")
    second = accepted(do("POST", "/stock/adjustments", shelf | {"delta": -2.5}))
    third = accepted(do("POST", "/stock/adjustments", shelf | {"set_to": 3}))
    assert (second["delta"], third["delta"]) == (-2.5, -4.5)
    assert pointers(do("POST", "/stock/adjustments", shelf)) == ["/delta"]
    less = problem(do("POST", "/stock/adjustments", shelf | {"delta": -4}), 409, "out-of-stock")
    assert less["errors"][0]["pointer"] == "/delta"
    for name in ("variant_id", "location_id"):
        unknown = shelf | {"delta": 1, name: str(uuid.uuid4())}
        told = problem(do("POST", "/stock/adjustments", unknown), 400, f"unknown-{name[:-3]}")
        assert told["errors"][0]["pointer"] == f"/{name}"

    line = {"sku": "LAMP", "quantity": 3, "location_id": shop["id"]}
    order = other.native.place({"currency": "EUR", "lines": [line]})
    other.native.until(order["id"], "confirmed")
    level = accepted(do("GET", f"/stock?variant_id={lamp['id']}"), 200)["data"]
    assert [(one["on_hand"], one["reserved"], one["free"]) for one in level] == [(3, 3, 0)]
    assert accepted(do("GET", f"/stock?low=true&location_id={shop['id']}"), 200)["data"] == level
    accepted(do("POST", f"/orders/{order['id']}/shipments"))

    path, found = f"/stock/ledger?variant_id={lamp['id']}&limit=2", []
    page = accepted(do("GET", path), 200)
    found = page["data"] + accepted(do("GET", f"{path}&after={page['next']}"), 200)["data"]
    assert [one["delta"] for one in found] == [-3, -4.5, -2.5, 10]
    assert (found[0]["kind"], found[0]["order_id"]) == ("sale", order["id"])
    assert accepted(do("GET", "/stock/ledger"), 200)["data"] == found
    # Of another organization nothing is seen.
    for path in (f"/stock?variant_id={lamp['id']}", f"/stock/ledger?variant_id={lamp['id']}"):
        assert accepted(world.native.send("GET", path), 200)["data"] == []
    server.verify()


def test_a_variant_is_changed(other: World, world: World) -> None:
    do = other.native.send
    made = {"sku": "VASE", "name": "Vase", "currency": "EUR", "price": "5", "tracked": False}
    vase = accepted(do("POST", "/variants", made))
    order = other.native.place({"currency": "EUR", "lines": [{"sku": "VASE", "quantity": 1}]})
    path, told = f"/variants/{vase['id']}", {"name": "Big vase", "price": "7.50", "tracked": True}
    key = uuid.uuid4().hex
    first = do("PATCH", path, told, Idempotency_Key=key)
    changed = accepted(first, 200)
    assert changed == vase | told | {"updated_at": changed["updated_at"]}
    assert do("PATCH", path, told, Idempotency_Key=key).content == first.content
    problem(do("PATCH", path, {"name": "x"}, Idempotency_Key=key), 409, "key-reused")
    assert accepted(do("PATCH", path, {}), 200) == accepted(do("GET", path), 200) == changed
    usd = accepted(do("PATCH", path, {"currency": "USD", "price": "8.00"}), 200)
    assert (usd["currency"], usd["price"], usd["name"]) == ("USD", "8.00", "Big vase")
    for change, at in (({"tracked": False}, "/tracked"), ({"currency": "EUR"}, "/price"),
                       ({"name": ""}, "/name"), ({"colour": "A"}, "/colour")):  # fmt: skip
        assert pointers(do("PATCH", path, change)) == [at]
    # Of another organization, unknown, or no id at all.
    for send, where in ((world.native.send, path), (do, f"/variants/{uuid.uuid4()}"),
                        (do, "/variants/vase")):  # fmt: skip
        problem(send("PATCH", where, {"name": "Mine"}), 404, "no-such-route")
    assert accepted(do("GET", path), 200) == usd
    [line] = other.native.until(order["id"], "confirmed")["lines"]
    assert (line["title"], line["unit_price"]) == ("Vase", "5.00")


def test_events_follow_a_number_and_are_waited_for(other: World) -> None:
    do = other.native.send
    start = accepted(do("GET", "/events?limit=200"), 200)["last"]
    assert accepted(do("GET", f"/events?after={start}"), 200) == {"data": [], "last": start}
    heard = threading.Event()
    waiting = threading.Thread(target=lambda: (
        accepted(do("GET", f"/events?after={start}&wait=30"), 200), heard.set()
    ))  # fmt: skip
    waiting.start()
    item = other.synq_line(0) | {"location_id": other.synq.location_id, "quantity": 1}
    item = item | {"variant_id": str(uuid.uuid4())}
    accepted(other.synq.create(other.synq_order(items=[item])))
    waiting.join(20)
    assert heard.is_set(), "the request that waits is answered once there is an event"
    told = accepted(do("GET", f"/events?after={start}&limit=1"), 200)
    [event] = told["data"]
    assert (event["number"], event["type"], event["dialect"]) == (start + 1, "order.placed", "synq")
    assert (told["last"], event["actor"]["kind"]) == (start + 1, "key")
    failed = accepted(do("GET", f"/events?after={start}&types=order.failed&wait=10"), 200)
    assert [one["type"] for one in failed["data"]] == ["order.failed"]
    assert failed["last"] > event["number"]
    assert pointers(do("GET", "/events?after=-1&wait=31")) == ["/after", "/wait"]
    for types in ("order.faild", "order.failed,", "order.failed, stock.low", "ORDER.FAILED"):
        assert pointers(do("GET", f"/events?types={types}")) == ["/types"]


# How stock is run by an organization that never said so.
STOCK = {"allocation": "HARD", "low_stock_threshold": None, "auto_po": False, "costing": "WAC"}


def test_settings_are_read_and_changed(other: World) -> None:
    do = other.native.send
    assert accepted(do("GET", "/settings"), 200) == {
        "capture": "manual", "lapsing": "alarm", "attribution_days": 30, "invoices": "never",
        "merging": "never", "stock": STOCK,
    }  # fmt: skip
    told = accepted(do("PATCH", "/settings", {"capture": "shipment"}), 200)
    assert told == accepted(do("GET", "/settings"), 200)
    rest = {"attribution_days": 30, "invoices": "never", "merging": "never", "stock": STOCK}
    assert told == {"capture": "shipment", "lapsing": "alarm"} | rest
    told = accepted(do("PATCH", "/settings", {"lapsing": "release"}), 200)
    assert told == {"capture": "shipment", "lapsing": "release"} | rest
    told = accepted(do("PATCH", "/settings", {"attribution_days": 7}), 200)
    assert told == {"capture": "shipment", "lapsing": "release"} | rest | {"attribution_days": 7}
    told = accepted(do("PATCH", "/settings", {"invoices": "shipment"}), 200)
    assert told["invoices"] == "shipment"
    told = accepted(do("PATCH", "/settings", {"merging": "same_day"}), 200)
    assert told["merging"] == "same_day"
    accepted(do("PATCH", "/settings", {"merging": "never"}), 200)
    problem(do("PATCH", "/settings", {"merging": "always"}), 400, "invalid")
    wrong = problem(do("PATCH", "/settings", {"invoices": "soon"}), 400, "invalid")
    assert wrong["errors"][0]["pointer"] == "/invoices"
    problem(do("PATCH", "/settings", {"attribution_days": 0}), 400, "invalid")
    wrong = problem(do("PATCH", "/settings", {"capture": "never"}), 400, "invalid")
    assert wrong["errors"][0]["pointer"] == "/capture"


def test_how_stock_is_run_is_a_setting(other: World) -> None:
    do = other.native.send
    start = accepted(do("GET", "/events?limit=200"), 200)["last"]
    both = {"attribution_days": 9, "stock": {"allocation": "SOFT", "low_stock_threshold": 3}}
    told = accepted(do("PATCH", "/settings", both), 200)
    assert told["attribution_days"] == 9
    assert told["stock"] == STOCK | {"allocation": "SOFT", "low_stock_threshold": 3}
    rest = {"stock": {"auto_po": True, "costing": "FIFO"}}
    told = accepted(do("PATCH", "/settings", rest), 200)
    assert told == accepted(do("GET", "/settings"), 200)
    assert told["stock"] == {
        "allocation": "SOFT", "low_stock_threshold": 3, "auto_po": True, "costing": "FIFO",
    }  # fmt: skip

    # A fault of one setting leaves all as they are.
    wrong = {"attribution_days": 8, "capture": "never", "stock": {"costing": "WAC"}}
    assert pointers(do("PATCH", "/settings", wrong)) == ["/capture"]
    wrong = {"attribution_days": 8, "stock": {"costing": "LIFO", "low_stock_threshold": -1}}
    assert "/stock/costing" in pointers(do("PATCH", "/settings", wrong))
    assert accepted(do("GET", "/settings"), 200) == told

    # What SOFT allowed stands in the way of HARD.
    made = accepted(do("POST", "/variants", {"sku": "LATE", "name": "Late", "currency": "USD",
                                             "price": "1.00"}))  # fmt: skip
    line = {"variant_id": made["id"], "quantity": 2}
    placed = accepted(do("POST", "/orders", {"currency": "USD", "lines": [line]}))
    other.native.until(placed["id"], "confirmed")
    hard = {"attribution_days": 8, "stock": {"allocation": "HARD"}}
    refused = problem(do("PATCH", "/settings", hard), 409, "out-of-stock")
    assert refused["errors"][0]["pointer"] == "/stock/allocation"
    assert accepted(do("GET", "/settings"), 200) == told
    here = accepted(do("GET", "/locations"), 200)["data"][0]["id"]
    goods = {"variant_id": made["id"], "location_id": here, "delta": 5, "reason": "they came"}
    accepted(do("POST", "/stock/adjustments", goods))
    assert accepted(do("PATCH", "/settings", hard), 200)["stock"]["allocation"] == "HARD"

    events = accepted(do("GET", f"/events?after={start}&types=settings.changed,settings.updated"),
                      200)["data"]  # fmt: skip
    assert [one["type"] for one in events] == [
        "settings.changed", "settings.updated", "settings.updated",
        "settings.changed", "settings.updated",
    ]  # fmt: skip
    assert {one["actor"]["kind"] for one in events} == {"key"}
