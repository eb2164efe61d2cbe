"""The customer has paid on the shop's own pages, and the order ends before anybody looked at it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.faults.customer import Customer
from tests.faults.shop import TOTAL, Shop, selling

from entrepot.testing.server import eventually


def stands(shop: Shop, order_id: str) -> str:
    """The payment facet of an order."""
    facet: str = shop.explained(order_id)["stands"]["payment"]
    return facet


def test_money_of_an_order_that_ends_at_once_is_let_go_unless_it_pays_another(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    with selling("stripe", fresh_database("sqlite"), tmp_path) as shop:
        customer = Customer(shop)
        customer.pays_with("pm_card_visa")
        assert sum(one["held"] for one in shop.simulator.payments()) == TOTAL
        lines = [shop.world.synq_line(0, "39.85"), shop.world.synq_line(1, "0.00", 2_000_000)]
        body = shop.world.synq_order(customer.intent, payment_provider="stripe", items=lines)
        order_id = shop.world.synq.create(body).json()["order_id"]
        assert shop.world.synq.until(order_id)["status"] == "failed"
        eventually(lambda: stands(shop, order_id) == "voided", "the money is let go")
        told = shop.explained(order_id)
        assert told["sentence"].startswith("out_of_stock: variant ")
        assert told["sentence"].endswith(f"; stripe let go of {customer.intent}")
        assert "1 in the book, 0 differences" in shop.server.command("reconcile", "Demo")
        shop.server.verify()
        assert [one["held"] for one in shop.simulator.payments()] == [0]
        # The last one that ends, of three orders with one payment, lets go of the money.
        customer = Customer(shop)
        customer.pays_with("pm_card_visa")
        first, second, third = [customer.orders() for _ in range(3)]
        for one in (first, second, third):
            assert shop.world.synq.until(one)["status"] == "confirmed"
        for ended, others in ((first, (second, third)), (third, (second,)), (second, ())):
            shop.cancelled(ended)
            eventually(lambda one=ended: stands(shop, one) == "voided", "its money is settled")  # type: ignore[misc]
            said = shop.explained(ended)["sentence"]
            pays = [f"{customer.intent} pays order {one}, and its money stays" for one in others]
            pays = pays or [f"stripe let go of {customer.intent}"]
            assert any(one in said for one in pays), said
            held = sum(one["held"] for one in shop.simulator.payments())
            assert held == (TOTAL if others else 0)
        shop.server.verify()
