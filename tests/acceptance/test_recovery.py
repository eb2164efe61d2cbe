"""kill -9 in the middle of payments: their orders go on long before the leases of the dead end.

The leases here last for ten minutes: whatever is settled within the deadline was freed otherwise.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.acceptance.clients import World, accepted, speaking
from tests.acceptance.deployment import TWO, deployed
from tests.acceptance.server import Server, eventually

LEASE = {"ENTREPOT_LEASE_SECONDS": "600"}
ORDERS = 6


def stuck(server: Server, world: World) -> list[str]:
    """Orders whose payments are under way: stock is reserved, the service has not answered."""
    before = server.events("stock.reserved")
    placed = [
        accepted(world.synq.create(world.synq_order("slow-1500")))["order_id"]
        for _ in range(ORDERS)
    ]
    eventually(lambda: server.events("stock.reserved") >= before + ORDERS, "stock is reserved")
    return placed


@pytest.mark.parametrize("kind", ["sqlite", "postgres", TWO])
def test_orders_of_a_killed_server_are_settled_within_seconds(
    kind: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    with deployed(kind, fresh_database, tmp_path, LEASE) as (server, world):
        placed = stuck(server, world)
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
        placed = stuck(server, world)
        pids = re.compile(r'"processes": \[(\d+), (\d+)\]')
        started = eventually(lambda: pids.search(server.output()), "all processes are told of")
        os.kill(int(started[1]), signal.SIGKILL)
        for order_id in placed:
            world.synq.until(order_id, "confirmed")
        server.verify()
