"""An order that is paid is amended by each dialect, and its money follows."""

from __future__ import annotations

from typing import Any

import pytest
from tests.acceptance.test_native import PAID, problem

from entrepot.testing.clients import World, accepted
from entrepot.testing.server import Server, eventually


def confirmed(world: World, **changes: Any) -> dict[str, Any]:
    placed = world.native.place(world.native_order(2, **PAID, **changes))
    return world.native.until(placed["id"], "confirmed")


def money(world: World, order_id: str) -> dict[str, str]:
    told: dict[str, str] = world.native.order(order_id)["money"]
    return told


def settled(world: World, order_id: str, payments: int, state: str = "done") -> None:
    def asked() -> bool:
        its = world.native.order(order_id)["payment_operations"]
        states = [one["state"] for one in its if one["kind"] == "authorise"]
        return len(states) == payments and states[-1] == state

    eventually(asked, f"{payments} payments, the last one {state}")


def settled_down(world: World, order_id: str) -> None:
    """Wait until nothing more is asked for."""
    waits = ("prepared", "running")

    def known() -> bool:
        its = world.native.order(order_id)["payment_operations"]
        return not any(one["state"] in waits for one in its)

    eventually(known, "each operation has its outcome")


def test_what_is_added_is_authorised_besides_and_taken_with_the_rest(
    world: World, server: Server
) -> None:
    order = confirmed(world)
    path, line = f"/orders/{order['id']}", order["lines"][0]
    more = {"lines": {"change": [{"id": line["id"], "quantity": 3}]}}
    told = accepted(world.native.send("PATCH", path, more), 200)
    assert told["lines"][0]["quantity"] == 3
    settled(world, order["id"], 2)
    total = world.native.order(order["id"])["totals"]["total"]
    assert money(world, order["id"])["authorized"] == total
    accepted(world.native.send("POST", f"{path}/captures", {}))
    eventually(lambda: world.native.order(order["id"])["payment"] == "paid", "all is taken")
    assert money(world, order["id"])["captured"] == total
    less = {"lines": {"change": [{"id": line["id"], "quantity": 1}]}}
    accepted(world.native.send("PATCH", path, less), 200)
    paid = "partially_refunded"
    eventually(lambda: world.native.order(order["id"])["payment"] == paid, "the rest is back")
    server.verify()


def test_what_is_declined_is_told_and_amended_back(world: World, server: Server) -> None:
    order = confirmed(world)
    path, line = f"/orders/{order['id']}", order["lines"][0]
    more = {"lines": {"change": [{"id": line["id"], "quantity": 3}]}}
    more["payment_reference"] = "declined-more"  # type: ignore[assignment]
    accepted(world.native.send("PATCH", path, more), 200)
    settled(world, order["id"], 2, "declined")
    told = world.native.order(order["id"])
    assert told["reason"].startswith("increase_declined: sandbox: ")
    problem(world.native.send("POST", f"{path}/shipments"), 409, "illegal-move")
    back = {"lines": {"change": [{"id": line["id"], "quantity": 2}]}}
    told = accepted(world.native.send("PATCH", path, back), 200)
    assert "increase_declined" not in (told["reason"] or "")
    accepted(world.native.send("POST", f"{path}/shipments"))
    server.verify()


@pytest.mark.parametrize(
    ("told", "costs"), [("30.00", ("0.00", "5.00", "17.50")), ("20.00", ("2.50", "0.00", "10.00"))]
)
def test_costs_of_shipping_and_a_discount_stay_where_a_line_changes(
    world: World, server: Server, told: str, costs: tuple[str, str, str]
) -> None:
    """Polinate told the total of two pieces at 12.50; the native API has no word for it."""
    order = confirmed(world)
    line = {"id": order["lines"][0]["id"], "unit_price": "12.50"}
    path = f"/orders/{order['id']}"
    accepted(world.native.send("PATCH", path, {"lines": {"change": [line]}}), 200)
    settled_down(world, order["id"])
    accepted(world.polinate.patch(order["id"], {"order": {"totalAmount": told}}), 200)
    settled_down(world, order["id"])
    less = {"lines": {"change": [{"id": line["id"], "quantity": 1}]}}
    changed = accepted(world.native.send("PATCH", path, less), 200)["totals"]
    assert (changed["discount"], changed["shipping"], changed["total"]) == costs
    server.verify()


def test_polinate_amends_a_paid_order_too(world: World, server: Server) -> None:
    order = confirmed(world)
    price = order["lines"][0]["unit_price"]
    change = {"updateOrderItems": [{"id": order["lines"][0]["id"], "quantity": 5}]}
    accepted(world.polinate.patch(order["id"], {"order": {}, **change}), 200)
    settled(world, order["id"], 2)
    shown = world.polinate.order(order["id"])
    assert float(shown["totalAmount"]) == 5 * float(price)
    assert world.synq.order(order["id"])["status"] == "confirmed"
    server.verify()
