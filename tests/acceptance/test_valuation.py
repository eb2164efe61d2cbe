"""What stock is worth, on a running server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from entrepot.testing.clients import Body, World, accepted, neighbour, speaking
from entrepot.testing.server import Server, eventually

ENGINES = ("sqlite", "postgres")


@pytest.fixture(scope="module", params=ENGINES)
def served(
    request: pytest.FixtureRequest,
    fresh_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("valued")
    with Server(fresh_database(request.param), folder) as server, speaking(server):
        yield server


@pytest.fixture
def world(served: Server, request: pytest.FixtureRequest) -> Iterator[World]:
    with neighbour(served, request.node.name) as one:
        yield one


def place(world: World) -> tuple[str, str]:
    """A new variant, and the organization's location."""
    told = {"sku": "CUP", "name": "Cup", "currency": "EUR", "price": "9.00"}
    variant = accepted(world.native.send("POST", "/variants", told))["id"]
    [location] = accepted(world.native.get("/v1/locations"), 200)["data"]
    return variant, location["id"]


def adjusted(world: World, shelf: tuple[str, str], **told: Any) -> Any:
    variant, location = shelf
    body = {"variant_id": variant, "location_id": location, "reason": "bought"} | told
    return world.native.send("POST", "/stock/adjustments", body)


def valued(world: World, query: str = "") -> list[Body]:
    """The values once the whole log is valued."""
    last = accepted(world.native.get("/v1/events?limit=200"), 200)["data"][-1]["number"]

    def now() -> list[Body] | None:
        found = accepted(world.native.get(f"/v1/stock/valuation{query}"), 200)
        moved: list[Body] = found["data"]
        return moved if found["number"] >= last else None

    return eventually(now, "the log is valued")


def test_stock_is_worth_what_it_cost(served: Server, world: World) -> None:
    shelf = place(world)
    settings = {"costing_method": "FIFO"}
    for cost in ("2.00", "3.5"):
        entry = accepted(adjusted(world, shelf, delta=10, unit_cost=cost, currency="EUR"))
    assert entry["unit_cost"] == "3.50"
    [one] = valued(world, f"?variant_id={shelf[0]}")
    assert one == {
        "variant_id": shelf[0], "location_id": shelf[1], "quantity": 20, "value": "55.00",
        "average": "2.75", "currency": "EUR",
    }  # fmt: skip
    accepted(adjusted(world, shelf, delta=-4, reason="broken"))
    assert valued(world)[0]["value"] == "44.00"
    assert world.synq.http.put("/api/v1/settings/tenant", json=settings).status_code == 200
    # Goods of unknown cost cost what was told last.
    accepted(adjusted(world, shelf, delta=2))
    accepted(adjusted(world, shelf, delta=-16))
    for by in ("variant", "location", "organization"):
        [one] = valued(world, f"?by={by}")
        assert (one["value"], one["currency"]) == ("7.00", "EUR")
    served.command("verify")


def test_what_a_cost_may_be(world: World) -> None:
    shelf = place(world)
    accepted(adjusted(world, shelf, delta=1, unit_cost="1", currency="EUR"))
    for told, member in (
        ({"delta": -1, "unit_cost": "1", "currency": "EUR"}, "unit_cost"),
        ({"set_to": 5, "unit_cost": "1", "currency": "EUR"}, "unit_cost"),
        ({"delta": 1, "unit_cost": "-1", "currency": "EUR"}, "unit_cost"),
        ({"delta": 1, "unit_cost": "1.00001", "currency": "EUR"}, "unit_cost"),
        ({"delta": 1, "unit_cost": "1", "currency": "USD"}, "currency"),
        ({"delta": 1, "unit_cost": "1"}, "currency"),
    ):
        answer = adjusted(world, shelf, **told)
        assert answer.status_code == 400, told
        assert member in answer.text
    assert valued(world)[0]["quantity"] == 1


def test_goods_that_are_sold_and_come_back(served: Server, world: World) -> None:
    shelf = place(world)
    accepted(adjusted(world, shelf, delta=4, unit_cost="1.25", currency="EUR"))
    line = {"variant_id": shelf[0], "quantity": 3, "location_id": shelf[1]}
    order = accepted(world.native.send("POST", "/orders", {"currency": "EUR", "lines": [line]}))
    world.synq.until(order["id"], "confirmed")
    accepted(world.native.send("POST", f"/orders/{order['id']}/shipments", {}))
    assert valued(world)[0]["value"] == "1.25"
    accepted(adjusted(world, shelf, delta=1, unit_cost="9", currency="EUR"))
    made = accepted(world.native.send("POST", f"/orders/{order['id']}/returns", {}))
    path = f"/returns/{made['id']}/receive"
    accepted(world.native.send("POST", path, {"restock": True, "refund": False}), 200)
    [one] = valued(world)
    assert (one["quantity"], one["value"]) == (5, "14.00")
    served.command("verify")
