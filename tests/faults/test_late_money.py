"""A customer pays after the order has ended: the money is seen when Stripe notifies it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.faults.customer import Customer
from tests.faults.shop import TOTAL, selling

from entrepot.testing.server import eventually


def test_a_payment_that_was_declined_and_is_paid_later(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    with selling("stripe", fresh_database("sqlite"), tmp_path) as shop:
        customer = Customer(shop)
        customer.pays_with("pm_card_chargeDeclined")
        order_id = customer.orders()
        assert shop.world.synq.until(order_id)["status"] == "failed"
        eventually(lambda: shop.explained(order_id)["held_by"] is None, "what was told is heard")
        customer.pays_with("pm_card_visa")
        eventually(
            lambda: shop.explained(order_id)["held_by"] == "operator", "an operator is called"
        )
        told = shop.explained(order_id)["sentence"]
        assert told.startswith("parked: look: stripe holds 39.85 EUR that the ended order needs no")
        assert customer.intent in told
        assert sum(one["held"] for one in shop.simulator.payments()) == TOTAL
        shop.server.verify()
        customer.cancels()
        shop.server.command("retry", order_id)
        eventually(lambda: shop.explained(order_id)["held_by"] is None, "nobody is needed")
        assert shop.world.synq.order(order_id)["status"] == "failed"
        shop.server.verify()
