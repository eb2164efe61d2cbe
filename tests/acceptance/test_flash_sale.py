"""2,000 buyers and 500 units: exactly 500 of them are sold, on both engines."""

from __future__ import annotations

import collections
from pathlib import Path

from tests.acceptance.clients import accepted, at_once, speaking
from tests.acceptance.server import Server, eventually

BUYERS = 2000
UNITS = 500
CONCURRENCY = 64
ON_HAND = 1_000_000


def test_as_many_are_sold_as_there_are(database_url: str, tmp_path: Path) -> None:
    with Server(database_url, tmp_path) as server, speaking(server) as world:
        variant = world.variants[0]
        assert variant["on_hand"] == ON_HAND
        accepted(world.synq.adjust(variant["id"], UNITS - ON_HAND), 200)

        def buy(number: int) -> str:
            body = world.synq_order(idempotency_key=f"buyer-{number}", items=[world.synq_line(0)])
            order_id: str = accepted(world.synq.create(body))["order_id"]
            return order_id

        bought = at_once(CONCURRENCY, range(BUYERS), buy)
        assert len(set(bought)) == BUYERS

        def all_settled() -> dict[str, str] | None:
            states = {order["id"]: order["status"] for order in world.synq.orders()}
            return states if set(states.values()) <= {"confirmed", "failed"} else None

        states = eventually(all_settled, "every buyer knows", 180)
        assert set(states) == set(bought)
        counted = collections.Counter(states.values())
        assert counted == {"confirmed": UNITS, "failed": BUYERS - UNITS}
        server.verify()
