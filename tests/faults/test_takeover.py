"""K19: a process that was paused wakes after another one took its job over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.faults.matrix import on_postgres
from tests.faults.shop import TOTAL, selling

from entrepot.testing.clients import speaking
from entrepot.testing.server import beside, eventually


@on_postgres
def test_what_the_first_process_brings_home_is_refused(
    service: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    env = {"ENTREPOT_LEASE_SECONDS": "2"}
    with (
        selling(service, fresh_database("postgres"), tmp_path, env=env) as shop,
        beside(shop.server) as second,
        speaking(second) as other,
    ):
        # Either process may take the job: that one is paused which asked the service.
        shop.simulator.script("authorise", "late", seconds=6)
        order_id = shop.placed()
        eventually(lambda: shop.payments(order_id), "the money is held, and not answered")
        with shop.frozen():
            assert other.synq.until(order_id)["status"] == "confirmed"
        eventually(lambda: shop.server.told("pipeline.lease_lost") or True, "it woke")
        shop.judge(order_id, held=TOTAL)
        assert shop.server.events("order.confirmed") == 1
