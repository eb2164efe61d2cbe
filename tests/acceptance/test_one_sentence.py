"""Why an order stands where it does is one sentence, in every dialect that has a reason."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from entrepot.testing.clients import World, accepted, order_number
from entrepot.testing.server import Server, eventually

# What the payment reference has the sandbox do, and how the order's sentence begins.
STANDS = [
    ("pending", "waiting: the provider's notification, until "),
    ("differs-1", "parked: authorise: "),
    ("declined", "payment_declined: "),
    ("pi", "sandbox: authorised by the sandbox in place of stripe"),
]


@pytest.mark.parametrize(("reference", "begins"), STANDS)
def test_one_sentence_is_told_everywhere(
    world: World, server: Server, reference: str, begins: str
) -> None:
    body = world.synq_order(f"{reference}_{uuid.uuid4()}")
    order_id = accepted(world.synq.create(body))["order_id"]

    def told() -> str:
        reason = world.synq.order(order_id)["reason"] or ""
        return reason if reason.startswith(begins) else ""

    sentence = eventually(told, f"the order's reason begins with {begins!r}")
    assert world.polinate.order(f"ord_{order_number(order_id)}")["reason"] == sentence
    native = world.native.get(f"/v1/orders/{order_id}").json()
    assert native["reason"] == sentence
    asked = world.native.get(f"/v1/orders/{order_id}/explain").json()
    explained: dict[str, Any] = json.loads(server.command("explain", order_id, "--json"))
    assert explained["sentence"] == explained["reason"] == asked["sentence"] == sentence
    assert set(asked) <= set(explained)
    assert asked["stage"] == explained["stage"]
