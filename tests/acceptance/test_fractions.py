"""Kilograms: a fraction of a unit is sold in one dialect, and is the same number in the others."""

from __future__ import annotations

import uuid
from decimal import Decimal

from entrepot.testing.clients import (
    Body,
    World,
    accepted,
    assert_envelope,
    konvo_order,
    order_number,
)
from entrepot.testing.server import Server


def shelf(world: World, kilograms: int) -> str:
    """A variant that nobody sold before, with so much of it in stock."""
    variant = str(uuid.uuid4())
    accepted(world.synq.adjust(variant, kilograms), 200)
    return variant


def weighed(world: World, variant: str, quantity: float) -> Body:
    """A Polinate order of so many kilograms, at 12.50 each."""
    line = {
        "itemVariantId": "var_" + order_number(variant),
        "quantity": quantity,
        "unitOfMeasure": "kg",
        "price": "12.50",
    }
    return world.polinate_order([], orderItems=[line])


def wanted(world: World, variant: str, quantity: float) -> Body:
    """The order once the pipeline has done its part."""
    made = accepted(world.polinate.post(weighed(world, variant, quantity)))
    world.synq.until(str(uuid.UUID(order_number(made["id"]))))
    order: Body = world.polinate.order(made["id"])
    return order


def test_a_fraction_is_sold_in_every_dialect(world: World, server: Server) -> None:
    variant = shelf(world, 10)
    order = wanted(world, variant, 1.5)
    [line] = order["orderItems"]
    assert (line["quantity"], order["totalAmount"]) == (Decimal("1.5"), "18.75")
    number = str(uuid.UUID(order_number(order["id"])))

    def shown() -> tuple[str, str, str]:
        """The text of the quantity in Polinate, Synq and Konvo."""
        texts = (
            world.polinate.get(f"/api/v1/orders/{order['id']}").text,
            world.synq.get(f"/api/v1/oms/orders/{number}").text,
            world.konvo.get(f"/orders/{number}").text,
        )
        told = [text.split('"quantity":')[1].split(",")[0].split("}")[0] for text in texts]
        return told[0], told[1], told[2]

    assert shown() == ("1.5", "1.5", "1.5")
    assert world.synq.order(number)["total"] == Decimal("18.75")
    assert world.konvo.order(number)["orderTotal"] == 1875

    # 8.5 are free: 8.6 are too many, and the sentence says so.
    failed = wanted(world, variant, 8.6)
    assert "8.5 free, 8.6 wanted" in failed["reason"]

    def changed(quantity: float) -> Body:
        line_id = line["id"]
        change = {"updateOrderItems": [{"id": line_id, "quantity": quantity}]}
        told: Body = accepted(world.polinate.patch(order["id"], change), 200)
        return told

    assert changed(0.0001)["totalAmount"] == "0.00125"
    assert shown() == ("0.0001", "0.0001", "0.0001")
    assert world.konvo.order(number)["orderTotal"] == Decimal("0.125")
    change = {"updateOrderItems": [{"id": line["id"], "quantity": 0.00001}]}
    refused = world.polinate.patch(order["id"], change)
    assert refused.status_code == 400
    assert_envelope("polinate", refused, "updateOrderItems[0].quantity")
    # A whole quantity is an integer again.
    assert changed(9.0)["totalAmount"] == "112.50"
    assert shown() == ("9", "9", "9")
    assert wanted(world, variant, 1)["phase"] == "ACTIVE"
    assert "0 free" in wanted(world, variant, 0.5)["reason"]
    server.verify()


def test_a_native_order_without_a_payment_costs_what_its_lines_add_up_to(
    world: World, server: Server
) -> None:
    told = world.native.place(world.native_order(1.3333))
    price = Decimal(world.variants[0]["price"])
    assert Decimal(told["totals"]["total"]) == price * Decimal("1.3333")
    paid = {"provider": "stripe", "reference": "tok"}
    charged = world.native.place(world.native_order(1.3333, payment=paid))
    assert charged["totals"]["total"] == str(round(price * Decimal("1.3333"), 2))
    server.verify()


def test_synq_takes_whole_quantities_only(world: World) -> None:
    line = {"product_title": "Coffee", "unit_price": 3, "quantity": 1.5}
    refused = world.synq.create(world.synq_order(items=[line]))
    assert refused.status_code == 400
    assert_envelope("synq", refused, "items[0].quantity")
    line["quantity"] = 2.0
    order_id = accepted(world.synq.create(world.synq_order(items=[line])))["order_id"]
    assert world.synq.order(order_id)["items"][0]["quantity"] == 2


def test_a_fraction_that_konvo_tells_is_read_everywhere(world: World) -> None:
    item = konvo_order()["items"][0]
    items = [item | {"quantity": 0.1, "price": 3}, item | {"id": "b", "quantity": -1234.5678}]
    told = konvo_order(items=items)
    number = accepted(world.konvo.post(told))["result"][0]["id"]
    texts = [Decimal("0.1"), Decimal("-1234.5678")]
    polinate = world.polinate.order(f"ord_{order_number(number)}")
    assert [line["quantity"] for line in polinate["orderItems"]] == texts
    synq = world.synq.order(number)
    assert [line["quantity"] for line in synq["items"]] == texts
    # 0.03 x 0.1 - 29.99 x 1234.5678
    assert synq["subtotal"] == Decimal("-37024.6853")
    # Told again it is the same order, as it is from its answer.
    before = world.konvo.order(number)
    accepted(world.konvo.post(told))
    assert world.konvo.order(number) == before
