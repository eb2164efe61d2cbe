"""One live payment reference pays one order; a second order with it says so."""

from __future__ import annotations

import re
import uuid

import httpx

from entrepot.testing.clients import World, accepted, order_number
from entrepot.testing.server import Server

SANDBOX = "sandbox: authorised by the sandbox in place of stripe"


def counted(server: Server) -> float:
    text = httpx.get(f"{server.url}/metrics").text
    found = re.findall(r"^entrepot_shared_payments_total (\S+)$", text, re.MULTILINE)
    return sum(map(float, found))


def test_a_second_order_with_a_reference_says_so(world: World, server: Server) -> None:
    before = counted(server)
    reference = f"pi_{uuid.uuid4()}"
    first, second = world.synq_created(reference), world.synq_created(reference)
    assert [order["status"] for order in (first, second)] == ["confirmed", "confirmed"]
    said = f"shared_payment: stripe {reference} was already the payment of order {first['id']}"
    assert first["reason"] == SANDBOX
    assert second["reason"] == f"{SANDBOX}; {said}"
    seen = world.polinate.order(f"ord_{order_number(second['id'])}")
    assert seen["reason"] == second["reason"]
    assert world.polinate.order(f"ord_{order_number(first['id'])}")["reason"] == SANDBOX
    assert counted(server) == before + 1


def test_a_repeat_under_one_key_is_no_second_order(world: World) -> None:
    body = world.synq_order(f"pi_{uuid.uuid4()}")
    answers = [accepted(world.synq.create(body)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert world.synq.until(answers[0]["order_id"])["reason"] == SANDBOX


def test_the_reference_of_a_declined_order_is_free(world: World, server: Server) -> None:
    reference = f"declined_{uuid.uuid4()}"
    orders = [world.synq_created(reference) for _ in range(2)]
    assert [order["status"] for order in orders] == ["failed", "failed"]
    assert not [order for order in orders if "shared_payment" in order["reason"]]
    server.verify()
