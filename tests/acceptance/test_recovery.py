"""kill -9 in the middle of payments: their orders go on long before the leases of the dead end.

The leases here last for ten minutes: whatever is settled within the deadline was freed otherwise.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.acceptance.deployment import TWO, deployed

from entrepot.testing.clients import World, accepted, speaking
from entrepot.testing.server import Server, eventually

LEASE = {"ENTREPOT_LEASE_SECONDS": "600"}
ORDERS = 6
HOLDERS = "SELECT count(DISTINCT holder) FROM jobs WHERE leased_until > 0"


def place(world: World) -> str:
    """An order whose payment takes longer than what is done meanwhile."""
    order_id: str = accepted(world.synq.create(world.synq_order("slow-3000")))["order_id"]
    return order_id


@pytest.mark.parametrize("kind", ["sqlite", "postgres", TWO])
def test_orders_of_a_killed_server_are_settled_within_seconds(
    kind: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    with deployed(kind, fresh_database, tmp_path, LEASE) as (server, world):
        # Stock is reserved, and the service has not answered.
        placed = [place(world) for _ in range(ORDERS)]
        eventually(lambda: server.events("stock.reserved") == ORDERS, "stock is reserved")
        server.restart()
        for order_id in placed:
            world.synq.until(order_id, "confirmed")
        told = "pipeline.leases_ended" if kind == "sqlite" else "pipeline.process_gone"
        eventually(
            lambda: any(told in log.read_text() for log in tmp_path.rglob("all.log")),
            "the log says whose leases ended",
        )
        server.verify()


def test_orders_of_a_killed_process_go_on_in_the_others(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database("postgres")
    with Server(url, tmp_path, workers=2, env=LEASE) as server, speaking(server) as world:
        [started] = eventually(lambda: server.told("server.started"), "all processes are told of")
        placed: list[str] = []

        def both_hold_some() -> bool:
            # A connection of its own for each, so that any process may take it.
            with speaking(server) as once:
                placed.append(place(once))
            return server.number(HOLDERS) == 2

        eventually(both_hold_some, "either process has orders under way")
        os.kill(started["processes"][0], signal.SIGKILL)
        for order_id in placed:
            world.synq.until(order_id, "confirmed", over_a_kill=True)
        eventually(
            lambda: any(one["jobs"] for one in server.told("pipeline.process_gone")),
            "the log says that its leases ended",
        )
        server.verify()
