"""A confirmed order, under its authorised payment, is sent back as it was read and stays so."""

from __future__ import annotations

import json
import uuid

import pytest

from entrepot.testing.clients import Body, World, accepted, order_number
from entrepot.testing.server import eventually

LINES: dict[str, list[Body]] = {
    "a custom line": [{"product_title": "Card", "unit_price": 2.5, "quantity": 1}],
    "a fine price": [{"product_title": "Card", "unit_price": 1.2575, "quantity": 3}],
    "nothing to pay": [{"product_title": "Card", "unit_price": 0, "quantity": 1}],
}


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES.keys())
def test_a_confirmed_order_is_sent_back(lines: list[Body], world: World) -> None:
    sent = world.synq_order(f"pi_{uuid.uuid4().hex}", items=lines)
    order_id = accepted(world.synq.create(sent))["order_id"]
    eventually(lambda: world.synq.order(order_id)["status"] == "confirmed", "it is confirmed")
    by_synq = world.synq.order(order_id)
    assert (
        accepted(world.synq.create(json.loads(json.dumps(by_synq, default=float))))["order_id"]
        == order_id
    )
    assert world.synq.order(order_id) == by_synq

    any_id = f"ord_{order_number(order_id)}"
    shown = world.polinate.order(any_id)
    body = {"order": shown, "updateOrderItems": shown["orderItems"]}
    after = accepted(world.polinate.patch(any_id, body), 200)
    assert after == shown | {"updatedAt": after["updatedAt"]}
