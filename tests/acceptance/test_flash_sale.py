"""2,000 buyers and 500 units: exactly 500 of them are sold, on both engines and by two servers."""

from __future__ import annotations

import collections
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.acceptance.deployment import DEPLOYMENTS, deployed

from entrepot.testing.clients import SETTLED, accepted, at_once
from entrepot.testing.server import eventually

BUYERS = 2000
UNITS = 500
CONCURRENCY = 64
ON_HAND = 1_000_000


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_as_many_are_sold_as_there_are(
    deployment: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    with deployed(deployment, fresh_database, tmp_path) as (server, world):
        variant = world.variants[0]
        assert variant["on_hand"] == ON_HAND
        accepted(world.synq.adjust(variant["id"], UNITS - ON_HAND), 200)

        def buy(number: int) -> str:
            body = world.synq_order(idempotency_key=f"buyer-{number}", items=[world.synq_line(0)])

            def answered() -> httpx.Response | None:
                # A client that is told to come later comes again, with the same key. So does one
                # whose connection was idle for so long that the server closed it meanwhile.
                try:
                    answer = world.synq.create(body)
                except httpx.TransportError:
                    return None
                return answer if answer.status_code != 503 else None

            order_id: str = accepted(eventually(answered, "the buyer is served"))["order_id"]
            return order_id

        bought = at_once(CONCURRENCY, range(BUYERS), buy)
        assert len(set(bought)) == BUYERS

        # One after the other, and not all of them again and again.
        for order in list(world.synq.orders()):
            if order["status"] not in SETTLED:
                world.synq.until(order["id"], seconds=180)
        states = {order["id"]: order["status"] for order in world.synq.orders()}
        assert set(states) == set(bought)
        counted = collections.Counter(states.values())
        assert counted == {"confirmed": UNITS, "failed": BUYERS - UNITS}
        server.verify()
